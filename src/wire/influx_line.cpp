#include "wire/influx_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace tocsin::influx {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Characters that mean something in a line, or cannot stand in one.
constexpr auto kNeedsCare = [] {
  std::array<bool, 256> needs{};
  for (std::size_t c = 0; c < needs.size(); c++)
    needs[c] = c < 0x20 || c == 0x7F || c == ',' || c == ' ' || c == '=' || c == '\\';
  return needs;
}();

bool needs_care(char c) { return kNeedsCare[static_cast<unsigned char>(c)]; }

void append_escaped_utf8(std::string& out, std::string_view text) {
  text = cut_utf8(text, kMostTagBytes);
  for (std::size_t i = 0; i < text.size(); i++) {
    const auto plain = i;
    while (i < text.size() && !needs_care(text[i])) i++;
    out.append(text, plain, i - plain);
    if (i == text.size()) break;
    if (text[i] == '\\') {
      const bool harmless =
          i + 1 < text.size() && (text[i + 1] == '\\' || !needs_care(text[i + 1]));
      out += harmless ? '\\' : '/';
    } else {
      out += {'\\', is_control(text[i]) ? ' ' : text[i]};
    }
  }
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  if (is_ascii(text)) {
    append_escaped_utf8(out, text);
  } else {
    append_escaped_utf8(out, valid_utf8(text));
  }
}

void Lines::measurement(std::string_view name) {
  append_escaped(text_, name);
  has_field_ = false;
}

void Lines::tag(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  text_ += ',';
  append_escaped(text_, name);
  text_ += '=';
  append_escaped(text_, value);
}

void Lines::begin_field(std::string_view name) {
  text_ += has_field_ ? ',' : ' ';
  has_field_ = true;
  append_escaped(text_, name);
  text_ += '=';
}

void Lines::field(std::string_view name, int value) {
  begin_field(name);
  append_number(text_, value);
}

void Lines::field(std::string_view name, std::string_view value) {
  begin_field(name);
  text_ += '"';
  for (const char c : is_ascii(value) ? std::string(value) : valid_utf8(value)) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += is_control(c) ? ' ' : c;
  }
  text_ += '"';
}

void Lines::end(Time at) {
  text_ += ' ';
  append_number(text_, static_cast<std::int64_t>(at.time_since_epoch().count()));
  text_ += '\n';
  count_++;
}

}  // namespace tocsin::influx
