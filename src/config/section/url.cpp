#include "config/section/url.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "config/section/addresses.h"

namespace tocsin::config {
namespace {

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && port >= 1 &&
         port <= 65535;
}

bool breaks_url(unsigned char c) {
  return c <= ' ' || c == 0x7F || std::string_view("\"<>\\^`{|}").contains(static_cast<char>(c));
}

}  // namespace

std::optional<std::string> check_http_url(const std::string& text) {
  const auto scheme = text.find("://");
  const auto folded = fold_case(std::string_view(text).substr(0, scheme));
  if (scheme == std::string::npos || (folded != "HTTP" && folded != "HTTPS"))
    return "must begin with http:// or https://";
  if (std::ranges::any_of(text, breaks_url))
    return "must not contain spaces, control characters or any of \"<>\\^`{|}";

  auto authority = std::string_view(text).substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  const bool is_bracketed = authority.starts_with('[');
  const auto host_end =
      is_bracketed ? std::min(authority.find(']'), authority.size()) : authority.find(':');
  if (is_bracketed && host_end == authority.size()) return "has a `[` without a `]` in its host";
  const auto host = authority.substr(0, host_end);
  if (host.size() <= (is_bracketed ? 1 : 0)) return "has no host name";
  if (auto mistake = find_mistake_in_numbers(host)) return "has a host that " + *mistake;
  auto port = authority.substr(std::min(host.size() + (is_bracketed ? 1 : 0), authority.size()));
  if (port.empty()) return std::nullopt;
  if (!port.starts_with(':') || !is_port(port.substr(1)))
    return "must have a port from 1 to 65535 after its host name";
  return std::nullopt;
}

}  // namespace tocsin::config
