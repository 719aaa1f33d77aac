// Schedule text -> the next point in time. Pure.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "schedule/definition.h"
#include "schedule/time_zone.h"

namespace tocsin {

namespace schedule {
class Recurrence;
class Rule;
}  // namespace schedule

/// later.js' text grammar and cron expressions, as docs/schedules.md describes them.
///
/// Steps count within their field, as in later.js: `every N seconds` is due at the seconds 0, N, 2N
/// ... of each minute, `every N minutes` at these minutes of each hour. Where later.js goes wrong
/// we do not follow: it reads `every second` as once a minute, and 0 as 1, which is a mistake here.
///
/// In a zone whose clocks are changed, a time that is skipped is due at the first instant after the
/// gap, and one that comes twice is due the first time. What names neither hours nor times of day
/// (`every 5 minutes`) goes on through both.
///
/// A value; copies share what they know.
class Schedule {
 public:
  /// Butler's default: every 30 seconds.
  Schedule();

  using Mistake = schedule::Mistake;
  /// A text that is never due is a mistake too.
  [[nodiscard]] static std::expected<Schedule, Mistake> parse(std::string_view text,
                                                              TimeZone zone = {});

  /// The first point strictly after `after`; nothing when there is none any more.
  [[nodiscard]] std::optional<Time> next(Time after) const;
  /// As it was written.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const TimeZone& zone() const { return zone_; }
  /// Whether they say the same.
  friend bool operator==(const Schedule& a, const Schedule& b) {
    return a.text_ == b.text_ && a.zone_.name() == b.zone_.name();
  }
  /// What the text does that its reader may not expect, as a sentence that goes on after the text;
  /// empty where it does what it says.
  [[nodiscard]] const std::string& remark() const { return remark_; }

 private:
  Schedule(std::string_view text, TimeZone zone, const schedule::Definition& definition);
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next_on_clocks(
      const schedule::Rule& rule, std::chrono::sys_seconds after,
      std::chrono::local_days limit) const;
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next_of_interval(
      const schedule::Rule& rule, std::chrono::sys_seconds after,
      std::chrono::local_days limit) const;

  std::string text_;
  std::string remark_;
  TimeZone zone_;
  std::shared_ptr<const schedule::Recurrence> recurrence_;
};

}  // namespace tocsin
