// Microsoft Teams, by the webhooks of Workflows (Power Automate): "When a Teams webhook request is
// received".
#pragma once

#include <string>
#include <vector>

#include "config/destinations/teams_notification.h"
#include "notify/chat/chat.h"
#include "notify/destination.h"

namespace tocsin::notify {

class Teams final : public Chat {
 public:
  Teams(const config::Teams& settings, const ChannelDeps& deps);

 protected:
  [[nodiscard]] std::string from_text(const Alert& alert, const std::string& text) const override;
  [[nodiscard]] std::optional<std::string> fit(const Alert& alert,
                                               std::string& json) const override;
  [[nodiscard]] Answer interpret(const Result<net::HttpResponse>& response,
                                 const UrlSecrets& secrets) const override;
};

void add_channels(const config::Teams& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
