#include "notify/mqtt/topics.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace tocsin::notify {
namespace {

/// The character that the text begins with, or its first byte where that is none.
std::string_view first_of(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const auto character = text.substr(0, size);
  return is_utf8(character) ? character : text.substr(0, 1);
}

/// `character` is valid UTF-8.
std::uint32_t code_point(std::string_view character) {
  if (character.size() == 1) return static_cast<std::uint8_t>(character.front());
  const auto lead = static_cast<std::uint8_t>(character.front());
  std::uint32_t code = lead & (0x7FU >> character.size());
  for (const char next : character.substr(1))
    code = code << 6 | (static_cast<std::uint8_t>(next) & 0x3F);
  return code;
}

bool is_plain(std::string_view character) {
  if (!is_utf8(character) || std::string_view("%/+#").contains(character)) return false;
  const auto code = code_point(character);
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool noncharacter = (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
  return !control && !noncharacter;
}

}  // namespace

std::string topic_level(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string level;
  level.reserve(name.size());
  while (!name.empty()) {
    const auto character = first_of(name);
    name.remove_prefix(character.size());
    if (is_plain(character)) {
      level += character;
      continue;
    }
    for (const char c : character) {
      const auto byte = static_cast<std::uint8_t>(c);
      level += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return level;
}

}  // namespace tocsin::notify
