// Microsoft Teams: alerts as cards, posted to a Workflows webhook.
#pragma once

#include <string>

#include "config/chat_message.h"
#include "config/destination.h"
#include "config/grouping.h"

namespace tocsin::config {

struct Teams {
  static constexpr DestinationType kType{.id = "teams",
                                         .name = "Microsoft Teams",
                                         .section = "teamsNotification",
                                         .description = "Alerts as Microsoft Teams cards."};

  bool enabled = false;
  ChatMessage stopped;
  ChatMessage started;
  Grouping grouping;
};

void read_settings(Section& section, bool wanted, Teams& teams);

}  // namespace tocsin::config
