// Reads what Slack and Teams have in common.
#pragma once

#include <optional>
#include <string_view>

#include "config/destinations/chat_message.h"
#include "config/destinations/grouping.h"
#include "config/destinations/read_alert_sections.h"

namespace tocsin::config {

/// What the chats do not have in common.
struct Chat {
  std::string_view webhook;       ///< "Slack webhook"
  const Grouping& grouping;       ///< of destinations that say nothing else
  std::string_view type_differs;  ///< said of `messageType`
};

/// A section of a chat. Answers the place of the URL.
std::optional<Place> read_chat_message(Section& section, KeysOf keys, const Chat& chat,
                                       ChatMessage& message);
/// Warns of alerts that a chat does not get because it has no section.
void warn_of_silence(Section& section, const ChatMessage& stopped, const ChatMessage& started);

}  // namespace tocsin::config
