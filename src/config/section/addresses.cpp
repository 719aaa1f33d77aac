#include "config/section/addresses.h"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tocsin::config {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kDecimalDigits) == std::string_view::npos;
}

std::optional<std::string> find_mistake_in_port(std::string_view text, std::string_view port_key) {
  const auto colons = std::ranges::count(text, ':');
  if (colons > 1 && text.starts_with('[')) {
    if (text.ends_with(']')) return std::nullopt;
    return "must be an IPv6 address without a port";
  }
  if (colons != 1) return std::nullopt;
  const auto port = text.substr(text.find(':') + 1);
  if (!is_digits(port)) return "must not have a `:`, unless it is an IPv6 address";
  return fmt::format("must not have a port: write `{}: {}` beside it", port_key, port);
}

std::optional<std::string> check_host_text(const std::string& text, std::string_view port_key) {
  if (text.empty()) return "must not be empty";
  if (text.find_first_of(" \t\r\n/\\") != std::string::npos)
    return "must be a host name or an address, without spaces and slashes";
  if (text.find_first_of("*?") != std::string::npos)
    return "must not contain `*` or `?`: list the hosts, or write a range such as `node[1-4]`";
  constexpr std::size_t kLongest = 255;  // RFC 1035, 2.3.4
  if (text.size() > kLongest) return "must not be longer than 255 characters";
  if (text.size() > 1 && (text.starts_with('.') || text.contains("..")))
    return "must not begin with a dot or have two in a row";
  return find_mistake_in_port(text, port_key);
}

}  // namespace

std::optional<std::string> find_mistake_in_numbers(std::string_view address) {
  std::vector<std::string_view> parts;
  for (const auto part : std::views::split(address, '.')) parts.emplace_back(part);
  if (!std::ranges::all_of(parts, is_digits)) return std::nullopt;
  bool is_octal = false;
  bool is_address = parts.size() == 4;
  for (auto& part : parts) {
    is_octal |= part.size() > 1 && part.starts_with('0');
    part.remove_prefix(std::min(part.find_first_not_of('0'), part.size() - 1));
    unsigned number = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), number);
    is_address &= parsed.ec == std::errc() && number <= 255;
  }
  if (!is_address) return "must be a name, or an address of four numbers from 0 to 255";
  if (!is_octal) return std::nullopt;
  return fmt::format("must not have leading zeros, which make a number octal: write `{}`",
                     fmt::join(parts, "."));
}

std::optional<std::string> check_host_name(const std::string& text) {
  return check_host_text(text, "port");
}

std::optional<std::string> check_host(const std::string& text, std::string_view port_key) {
  if (auto mistake = check_host_text(text, port_key)) return mistake;
  if (text == ".") return "must be a name or an address, not a dot";
  return find_mistake_in_numbers(text);
}

std::optional<std::string> check_host(const std::string& text) { return check_host(text, "port"); }

}  // namespace tocsin::config
