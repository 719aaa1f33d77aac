// What is wrong with a message that a template has made: what continues "the result ".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::notify {

enum class JsonForm : std::uint8_t { any, object };

/// "is not JSON: line 3, column 5: ...", without a piece of the message, which may hold a secret.
[[nodiscard]] std::optional<std::string> json_mistake(const std::string& text, JsonForm form);

/// "is empty".
[[nodiscard]] std::optional<std::string> text_mistake(const std::string& text);

}  // namespace tocsin::notify
