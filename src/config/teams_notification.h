// Microsoft Teams: alerts as cards, posted to a Workflows webhook.
#pragma once

#include <string>

#include "config/chat_message.h"

namespace tocsin::config {

struct Teams {
  bool enabled = false;
  ChatMessage stopped;
  ChatMessage started;
};

}  // namespace tocsin::config
