// Slack's incoming webhooks (https://api.slack.com/messaging/webhooks).
#pragma once

#include <string>
#include <vector>

#include "config/destinations/slack_notification.h"
#include "notify/chat/chat.h"
#include "notify/destination.h"

namespace tocsin::notify {

class Slack final : public Chat {
 public:
  Slack(const config::Slack& settings, const ChannelDeps& deps);

 protected:
  [[nodiscard]] std::string address_of(config::AlertSection section) const override;
  [[nodiscard]] std::string from_text(const Alert& alert, const std::string& text) const override;
  [[nodiscard]] std::optional<std::string> fit(const Alert& alert,
                                               std::string& json) const override;
  /// < and > are Slack's markup, also for "<!channel>": no name of a service may call everybody.
  [[nodiscard]] std::string prepare(std::string values) const override;
  [[nodiscard]] Answer interpret(const Result<net::HttpResponse>& response,
                                 const UrlSecrets& secrets) const override;

 private:
  config::Slack settings_;
};

void add_channels(const config::Slack& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
