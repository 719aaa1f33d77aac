// Reads what Slack and Teams have in common.
#pragma once

#include <optional>
#include <string_view>

#include "config/destinations/chat_message.h"
#include "config/destinations/read_alert_sections.h"

namespace tocsin::config {

/// A section of a chat, which is called `chat`: "Slack webhook"; `type_differs` is said of
/// `messageType`. Answers the place of the URL.
std::optional<Place> read_chat_message(Section& section, KeysOf keys, std::string_view chat,
                                       ChatMessage& message, std::string_view type_differs = {});
/// Warns of alerts that a chat does not get because it has no section.
void warn_of_silence(Section& section, const ChatMessage& stopped, const ChatMessage& started);

}  // namespace tocsin::config
