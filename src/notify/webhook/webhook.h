// Webhooks, with Butler's fields (Butler 16, webhook_notification.js).
#pragma once

#include <span>
#include <string>
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

class Webhook final : public HttpChannel {
 public:
  Webhook(config::Webhook settings, std::string key, const ChannelDeps& deps);

 private:
  [[nodiscard]] net::HttpRequest request_for(const Alert& alert) const override;

  config::Webhook settings_;
};

void add_channels(const config::WebhookDestinations& settings, const ChannelDeps& deps,
                  Destinations& to);

}  // namespace tocsin::notify
