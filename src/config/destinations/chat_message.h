// What Slack and Teams have in common: what is sent when services stop, and what when they start.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>

#include "base/words.h"

namespace tocsin::config {

enum class MessageType : std::uint8_t {
  formatted,  ///< a template of the chat's own JSON
  basic,      ///< a line of text
};
consteval auto table_of(MessageType) {
  using enum MessageType;
  return std::array{Word{formatted, "formatted"}, Word{basic, "basic"}};
}

struct ChatMessage {
  std::string webhook_url;  ///< empty: nothing is sent
  MessageType type = MessageType::formatted;
  std::string basic_template;       ///< Handlebars; empty: the built-in one
  std::string template_file;        ///< of a formatted message; empty: the built-in one
  std::string group_template_file;  ///< of a message for several alerts; empty: the built-in one
  std::chrono::seconds rate_limit{0};
};

/// The same message with the built-in text.
template <std::derived_from<ChatMessage> Message>
[[nodiscard]] Message without_texts(Message message) {
  message.basic_template.clear();
  message.template_file.clear();
  message.group_template_file.clear();
  return message;
}

}  // namespace tocsin::config
