// Webhooks: alerts as HTTP requests with Butler's fields.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

enum class HttpMethod : std::uint8_t { get, post, put };
consteval auto table_of(HttpMethod) {
  using enum HttpMethod;
  return std::array{Word{get, "GET"}, Word{post, "POST"}, Word{put, "PUT"}};
}

struct Webhook {
  std::string description;
  std::string url;
  HttpMethod method = HttpMethod::post;
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
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
  std::vector<Webhook> webhooks;

  /// Their descriptions.
  [[nodiscard]] std::vector<std::string> labels() const;
};

void read_settings(Section& section, bool wanted, WebhookDestinations& webhook);

}  // namespace tocsin::config
