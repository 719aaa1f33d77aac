#include "base/clock.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/chrono.h>

namespace tocsin {

namespace {

std::string in_utc(Time time, const char* format) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format(fmt::runtime(format),
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

}  // namespace

std::string iso_time(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return in_utc(time, "{:%Y-%m-%dT%H:%M:%S}") + fmt::format(".{:03}Z", (time - seconds).count());
}

std::string iso_seconds(Time time) { return in_utc(time, "{:%Y-%m-%dT%H:%M:%SZ}"); }

std::string iso_minutes(Time time) { return in_utc(time, "{:%Y-%m-%dT%H:%MZ}"); }

std::string time_of_day(Time time) { return in_utc(time, "{:%H:%M:%SZ}"); }

std::string duration_text(Duration duration) {
  struct Unit {
    std::chrono::seconds length;
    std::string_view name;
  };
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  constexpr std::array kUnits = {Unit{hours(24), "d"}, Unit{hours(1), "h"}, Unit{minutes(1), "min"},
                                 Unit{seconds(1), "s"}};
  auto left = std::max(std::chrono::floor<seconds>(duration), seconds(0));
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (left < kUnits[i].length && i + 1 < kUnits.size()) continue;
    auto text = fmt::format("{} {}", left / kUnits[i].length, kUnits[i].name);
    left %= kUnits[i].length;
    if (i + 1 < kUnits.size() && left >= kUnits[i + 1].length)
      text += fmt::format(" {} {}", left / kUnits[i + 1].length, kUnits[i + 1].name);
    return text;
  }
  return "";
}

}  // namespace tocsin
