#include "web/target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace tocsin::web {
namespace {

constexpr std::size_t kMostParts = 16;

/// Nothing: an escape is cut short or is no number, or the text is not one for people.
std::optional<std::string> decode(std::string_view text, bool is_query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); at++) {
    if (text[at] != '%') {
      out += is_query && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    std::uint8_t byte = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc() || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(byte);
    at += 2;
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (!is_utf8(out) || std::ranges::any_of(out, is_control)) return std::nullopt;
  return out;
}

/// Up to the separator, which is taken off `rest` too.
std::string_view take_part(std::string_view& rest, char separator) {
  const auto part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

bool parse_path(std::string_view rest, std::vector<std::string>& path) {
  while (!rest.empty()) {
    auto part = decode(take_part(rest, '/'), false);
    if (!part || part->empty() || *part == "." || *part == ".." || path.size() == kMostParts)
      return false;
    path.push_back(*std::move(part));
  }
  return true;
}

bool parse_query(std::string_view rest, std::vector<std::pair<std::string, std::string>>& query) {
  while (!rest.empty()) {
    auto value = take_part(rest, '&');
    auto name = decode(take_part(value, '='), true);
    auto decoded = decode(value, true);
    if (!name || !decoded || query.size() == kMostParts) return false;
    query.emplace_back(*std::move(name), *std::move(decoded));
  }
  return true;
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/') || text.find('#') != std::string_view::npos) return std::nullopt;
  text.remove_prefix(1);
  const auto path = take_part(text, '?');
  Target target{.ends_with_slash = path.empty() || path.ends_with('/')};
  if (!parse_path(path, target.path) || !parse_query(text, target.query)) return std::nullopt;
  return target;
}

}  // namespace tocsin::web
