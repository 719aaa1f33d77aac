// Microsoft Teams: alerts as cards, posted to a Workflows webhook.
#pragma once

#include <optional>
#include <string>

#include "config/destinations/alert_sections.h"
#include "config/destinations/chat_message.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

struct Teams {
  static constexpr DestinationType kType{.id = "teams",
                                         .name = "Microsoft Teams",
                                         .section = "teamsNotification",
                                         .description = "Alerts as Microsoft Teams cards."};

  bool enabled = false;
  HttpProxy proxy{};
  ChatMessage stopped;
  ChatMessage started;
  Grouping grouping;
  // As message_of() answers them.
  std::optional<ChatMessage> other_firing;
  std::optional<ChatMessage> other_resolved;
};

void read_settings(Section& section, bool wanted, Teams& teams);

}  // namespace tocsin::config
