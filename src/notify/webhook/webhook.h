// Webhooks, with the original's fields (Butler 16, webhook_notification.js).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/destination.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// The keys of these webhooks, all different. The description names a webhook: its URL, method or
/// certificate may be corrected while deliveries wait for it. Others of the same description are
/// told apart by method and URL, and by their order where these are the same too.
[[nodiscard]] std::vector<std::string> webhook_keys(std::span<const config::Webhook> webhooks);

/// POST and PUT: `{"event":"Windows service monitor","host":...}`, compact, raw UTF-8. Kinds that
/// the original does not have (all but started, stopped and paused) say more in a last key,
/// `reason`.
[[nodiscard]] std::string webhook_body(const Alert& alert);
/// GET: the same names in lower case, added to whatever query the URL has.
[[nodiscard]] std::string webhook_url(const std::string& url, const Alert& alert);

class Webhook final : public Channel {
 public:
  /// `version` goes into User-Agent; `transport` outlives this.
  Webhook(config::Webhook settings, std::string key, const std::string& version,
          net::HttpTransport& transport);

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  /// The id goes into the header Idempotency-Key. Ends within 10 seconds, connecting within 5.
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) override;

 private:
  config::Webhook settings_;
  std::string key_;
  std::string name_;
  std::string user_agent_;
  UrlSecrets secrets_;
  net::HttpTransport& transport_;
};

void add_webhooks(const config::WebhookDestinations& settings, const Means& means,
                  std::vector<Destination>& to);

}  // namespace tocsin::notify
