// Slack: alerts as messages of an incoming webhook.
#pragma once

#include <optional>
#include <string>

#include "config/destinations/alert_sections.h"
#include "config/destinations/chat_message.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

struct SlackMessage : ChatMessage {
  std::string channel;     ///< empty: the one that the webhook is for
  std::string from_user;   ///< empty: the name of the webhook's app
  std::string icon_emoji;  ///< ":bell:"; empty: the app's picture
};

struct Slack {
  static constexpr DestinationType kType{.id = "slack",
                                         .name = "Slack",
                                         .section = "slackNotification",
                                         .description = "Alerts as Slack messages."};

  bool enabled = false;
  HttpProxy proxy{};
  SlackMessage stopped;
  SlackMessage started;
  Grouping grouping;
  // As message_of() answers them.
  std::optional<SlackMessage> other_firing;
  std::optional<SlackMessage> other_resolved;
};

void read_settings(Section& section, bool wanted, Slack& slack);

}  // namespace tocsin::config
