#include "base/clock.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tocsin {

namespace {

/// The parts of a time in UTC. Not by gmtime(), which Windows has not for times before 1970.
struct Parts {
  explicit Parts(Time time)
      : day(std::chrono::floor<std::chrono::days>(time)),
        date(day),
        clock(std::chrono::floor<std::chrono::milliseconds>(time - day)) {}

  [[nodiscard]] std::string day_text() const {
    return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()),
                       unsigned(date.day()));
  }
  [[nodiscard]] std::string minutes() const {
    return fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
  }
  [[nodiscard]] std::string seconds() const {
    return fmt::format("{}:{:02}", minutes(), clock.seconds().count());
  }

  std::chrono::sys_days day;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock;
};

}  // namespace

std::string iso_time(Time time) {
  const Parts parts(time);
  return fmt::format("{}T{}.{:03}Z", parts.day_text(), parts.seconds(),
                     parts.clock.subseconds().count());
}

std::string iso_seconds(Time time) {
  const Parts parts(time);
  return fmt::format("{}T{}Z", parts.day_text(), parts.seconds());
}

std::string iso_minutes(Time time) {
  const Parts parts(time);
  return fmt::format("{}T{}Z", parts.day_text(), parts.minutes());
}

std::string time_of_day(Time time) { return Parts(time).seconds() + "Z"; }

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
