#include "net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "net/late_curl.h"

namespace tocsin::net {

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, Time now) {
  using std::chrono::seconds;
  constexpr seconds kMost = std::chrono::days(1);
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);

  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t count = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), count);
    return parsed.ec == std::errc() ? std::min(seconds(count), kMost) : kMost;
  }
  // A date names its day or month; curl would also read bare numbers as dates.
  if (value.find(':') == std::string_view::npos) return std::nullopt;
  const std::time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date == -1) return std::nullopt;
  const auto distance = std::chrono::ceil<seconds>(Time(seconds(date)) - now);
  return std::clamp(distance, seconds(0), kMost);
}

}  // namespace tocsin::net
