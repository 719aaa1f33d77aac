// Webhooks: with Butler's fields (Butler 16, webhook_notification.js), or with a body of the
// user's own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/destinations/webhook_notification.h"
#include "notify/destination.h"
#include "notify/http_channel.h"

namespace tocsin::notify {

/// The keys of these webhooks, all different. The description names a webhook: its URL, method or
/// certificate may be corrected while deliveries wait for it. Others of the same description are
/// told apart by method and URL, and by their order where these are the same too.
[[nodiscard]] std::vector<std::string> webhook_keys(std::span<const config::Webhook> webhooks);

/// POST and PUT: `{"event":"Windows service monitor","host":...}`, compact, raw UTF-8. After
/// Butler's keys comes `kind`, and of kinds that Butler lacks (all but started and stopped)
/// `reason`.
[[nodiscard]] std::string webhook_body(const Alert& alert);
/// GET: the same names in lower case, added to whatever query the URL has.
[[nodiscard]] std::string webhook_url(const std::string& url, const Alert& alert);

/// The URL with the alert's values, percent-encoded, in place of the fields that it names. No value
/// is "." or "..", which would lead to another path.
[[nodiscard]] std::string url_for(const std::string& url, const Alert& alert);

/// How values are escaped in a body of this content type.
[[nodiscard]] render::Format format_of(std::string_view content_type);

/// Its messages are the bodies of requests; empty where all is in the query. A message with a note
/// is one that takes the place of what no template could make: always JSON.
class Webhook final : public GroupingChannel {
 public:
  Webhook(config::Webhook settings, std::string key, const ChannelDeps& deps);

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  /// Both directions, where they differ or a template may make them differ.
  [[nodiscard]] std::vector<config::AlertSection> sections() const override;
  [[nodiscard]] std::string group_of(const Alert& alert) const override;
  [[nodiscard]] Message write(const Contents& contents, const DeliveryId& id) override;
  [[nodiscard]] bool is_sound(const Message& message) const override;
  net::awaitable<Answer> send(const Alert& first, const Message& message, const DeliveryId& id,
                              net::Deadline deadline) override;

 private:
  /// One direction.
  struct Side {
    Side(const config::WebhookRequest& settings, const std::string& template_name);

    config::WebhookRequest request;
    MessageTemplate body;
    UrlSecrets secrets;
    HttpTerms terms;
  };
  [[nodiscard]] const Side& side_of(const Alert& alert) const;
  [[nodiscard]] std::string values(const Contents& contents) const;

  config::Webhook settings_;
  std::string key_;
  std::string name_;
  Side firing_;
  std::optional<Side> resolved_;
  HttpSender sender_;
  Messages& messages_;
};

void add_channels(const config::WebhookDestinations& settings, const ChannelDeps& deps,
                  Destinations& to);

}  // namespace tocsin::notify
