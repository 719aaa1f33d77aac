// Microsoft Teams: alerts as cards, posted to a Workflows webhook.
#pragma once

#include <string>

#include "config/chat_message.h"

namespace tocsin::config {

struct Teams {
  bool enabled = false;
  ChatMessage stopped;
  ChatMessage started;
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
};

}  // namespace tocsin::config
