#include "render/cesu8.h"

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "base/text.h"

namespace tocsin::render {
namespace {

/// The first byte of a character that CESU-8 writes in another way.
constexpr auto kFourBytes = 0xF0;
/// The first byte of a surrogate.
constexpr auto kSurrogate = '\xED';

void append(std::string& out, std::uint16_t unit) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xC0 | (unit >> 6));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (unit >> 12));
    out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  }
}

/// Whether `text` has a surrogate of the lower (0xA0) or upper (0xB0) half at `at`.
bool is_surrogate(std::string_view text, std::size_t at, unsigned half) {
  return at + 2 < text.size() && text[at] == kSurrogate &&
         (static_cast<unsigned char>(text[at + 1]) & 0xF0U) == half &&
         (static_cast<unsigned char>(text[at + 2]) & 0xC0U) == 0x80;
}

/// The 10 bits of the surrogate at `at`.
std::uint32_t bits(std::string_view text, std::size_t at) {
  return (static_cast<std::uint32_t>(text[at + 1] & 0x0F) << 6) |
         static_cast<std::uint32_t>(text[at + 2] & 0x3F);
}

}  // namespace

std::string to_cesu8(std::string_view utf8) {
  const bool plain =
      std::ranges::all_of(utf8, [](char c) { return static_cast<unsigned char>(c) < kFourBytes; });
  if (plain && is_utf8(utf8)) return std::string(utf8);
  const Bytes units = to_utf16(utf8);
  std::string out;
  out.reserve(utf8.size() + utf8.size() / 2);
  for (std::size_t at = 0; at + 1 < units.size(); at += 2) {
    append(out, static_cast<std::uint16_t>(units[at] | (units[at + 1] << 8)));
  }
  return out;
}

std::string from_cesu8(std::string_view cesu8) {
  std::string out;
  out.reserve(cesu8.size());
  for (std::size_t at = 0; at < cesu8.size();) {
    const std::size_t next = std::min(cesu8.find(kSurrogate, at), cesu8.size());
    out.append(cesu8, at, next - at);
    at = next;
    if (at == cesu8.size()) break;
    const bool high = is_surrogate(cesu8, at, 0xA0);
    if (high && is_surrogate(cesu8, at + 3, 0xB0)) {
      const std::uint32_t point = 0x10000 + ((bits(cesu8, at) << 10) | bits(cesu8, at + 3));
      out += static_cast<char>(0xF0 | (point >> 18));
      out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (point & 0x3F));
      at += 6;
    } else {
      out += cesu8[at++];  // of U+D000 to U+D7FF; else the check below sees to it
    }
  }
  return is_utf8(out) ? out : from_utf16(to_utf16(out));
}

}  // namespace tocsin::render
