// Webhooks: alerts as HTTP requests, with Butler's fields or a body of the user's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_headers.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

enum class HttpMethod : std::uint8_t { get, post, put, patch, remove };
consteval auto table_of(HttpMethod) {
  using enum HttpMethod;
  return std::array{Word{get, "GET"}, Word{post, "POST"}, Word{put, "PUT"}, Word{patch, "PATCH"},
                    Word{remove, "DELETE"}};
}

/// What a webhook sends of an alert, and where.
struct WebhookRequest {
  std::string url;  ///< its path and query may name fields (webhook_url.h)
  HttpMethod method = HttpMethod::post;
  HttpHeaders headers{};
  std::string content_type = "application/json";  ///< of `body`
  std::string body{};       ///< Handlebars; without it and a file: Butler's fields
  std::string body_file{};  ///< with such a template

  [[nodiscard]] bool has_own_body() const { return !body.empty() || !body_file.empty(); }
};

struct Webhook {
  std::string description;
  WebhookRequest firing;
  /// Of alerts that are resolved, complete; nothing: as of those that fire.
  std::optional<WebhookRequest> resolved{};
  bool sends_resolved = true;
  std::string ca_file{};  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
  /// Of requests with a body of the user's; nothing: each alert is a request of its own.
  std::optional<Grouping> grouping{};
  /// Characters that the lines of one message may have together.
  unsigned most_lines = 100'000;
};

struct WebhookDestinations {
  static constexpr DestinationType kType{.id = "webhook",
                                         .name = "webhooks",
                                         .section = "webhookNotification",
                                         .description = "Alerts as HTTP requests."};

  bool enabled = false;
  HttpProxy proxy{};
  /// Between two alerts of one kind about one service to one destination; 0: no limit.
  std::chrono::seconds rate_limit{0};
  /// What a webhook takes over that asks for groups.
  Grouping grouping_of_all{};
  std::vector<Webhook> webhooks;

  /// Their descriptions.
  [[nodiscard]] std::vector<std::string> labels() const;
};

void read_settings(Section& section, bool wanted, WebhookDestinations& webhook);

}  // namespace tocsin::config
