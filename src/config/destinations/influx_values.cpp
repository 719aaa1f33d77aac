#include "config/destinations/influx_values.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "config/section/addresses.h"
#include "config/section/url.h"

namespace tocsin::config {

namespace {

using std::chrono::seconds;

constexpr seconds kShortestRetention = std::chrono::hours(1);  // InfluxDB refuses less

struct RetentionUnit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array kRetentionUnits = {RetentionUnit{"s", 1}, RetentionUnit{"m", 60},
                                        RetentionUnit{"h", 3600}, RetentionUnit{"d", 86'400},
                                        RetentionUnit{"w", 604'800}};

}  // namespace

std::optional<seconds> parse_retention(std::string_view text) {
  constexpr std::int64_t kMost = 100LL * 366 * 86'400;
  if (fold_case(text) == "INF" || text == "0") return seconds(0);
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    const auto* const unit = std::ranges::find_if(
        kRetentionUnits, [&](const RetentionUnit& one) { return text.starts_with(one.name); });
    if (parsed.ec != std::errc{} || number < 0 || number > kMost || unit == kRetentionUnits.end())
      return std::nullopt;
    total += number * unit->seconds;
    if (total > kMost) return std::nullopt;
    text.remove_prefix(unit->name.size());
  }
  return seconds(total);
}

std::optional<std::string> check_retention(const std::string& text) {
  const auto retention = parse_retention(text);
  if (!retention)
    return "must be a duration such as 10d, 36h or 1h30m (units s, m, h, d, w), or INF for ever";
  if (*retention > seconds(0) && *retention < kShortestRetention)
    return "must be at least 1h, or InfluxDB refuses it";
  return std::nullopt;
}

bool has_scheme(std::string_view text) { return text.contains("://"); }

std::optional<std::string> check_host_or_url(const std::string& text) {
  if (has_scheme(text)) {
    if (auto mistake = check_http_url(text)) return mistake;
    if (std::string_view(text).find_first_of("@?#") != std::string_view::npos)
      return "must be a URL without user, query and fragment; other keys are for them";
    return std::nullopt;
  }
  if (text.empty()) return "must not be empty";
  if (std::ranges::any_of(text, [](unsigned char c) {
        return c <= ' ' || c == 0x7F || std::string_view("\"#%<>?@[\\]^`{|}/").contains(char(c));
      }))
    return "must be the name or address of a host, or a URL that begins with http:// or https://";
  return check_host(text, "hostPort");
}

bool has_port(std::string_view url) {
  auto authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  return authority.substr(std::min(authority.rfind(']'), authority.size())).contains(':') ||
         (!authority.contains('[') && authority.contains(':'));
}

std::string make_url(std::string host, std::optional<std::uint16_t> port, std::uint16_t fallback) {
  if (!has_scheme(host)) {
    if (host.contains(':')) host = "[" + host + "]";  // an IPv6 address
    return fmt::format("http://{}:{}", host, port.value_or(fallback));
  }
  while (host.ends_with('/')) host.pop_back();
  if (port && !has_port(host)) {
    const auto path = std::min(host.find('/', host.find("://") + 3), host.size());
    host.insert(path, fmt::format(":{}", *port));
  }
  return host;
}

}  // namespace tocsin::config
