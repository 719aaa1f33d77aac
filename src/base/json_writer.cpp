#include "base/json_writer.h"

#include <cstddef>
#include <cstdint>

namespace tocsin {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
  std::size_t size;
  bool is_valid;
};

/// The bytes of one code point, or those that begin none: up to the first one that cannot follow
/// (Unicode 15, table 3-7 and "maximal subparts").
Sequence sequence_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<std::uint8_t>(text[at + offset])
                                     : std::uint8_t{0};
  };
  const auto lead = byte(0);
  if (lead < 0x80) return {.size = 1, .is_valid = true};
  if (lead < 0xC2 || lead > 0xF4) return {.size = 1, .is_valid = false};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  std::uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < size; i++) {
    if (byte(i) < lowest || byte(i) > highest) return {.size = i, .is_valid = false};
    lowest = 0x80;
    highest = 0xBF;
  }
  return {.size = size, .is_valid = true};
}

bool is_plain(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  if (const auto at = kNamed.find(c); at != std::string_view::npos) {
    out += {'\\', kNames[at]};
  } else {
    const auto byte = static_cast<std::uint8_t>(c);
    out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 0xF]};
  }
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

/// The last character says whether something stands before the next value.
void JsonWriter::separate() {
  if (!text_.empty() && !std::string_view("{[:").contains(text_.back())) text_ += ',';
}

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && is_plain(text[end])) end++;
    text_.append(text, at, end - at);
    at = end;
    if (at == text.size()) break;
    const auto [size, is_valid] = sequence_at(text, at);
    if (!is_valid) {
      text_ += kReplacement;
    } else if (size > 1) {
      text_.append(text, at, size);
    } else {
      append_escaped(text_, text[at]);
    }
    at += size;
  }
  text_ += '"';
}

JsonWriter& JsonWriter::begin(char bracket) {
  separate();
  text_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  text_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::write(std::string_view word) {
  separate();
  text_ += word;
  return *this;
}

}  // namespace tocsin
