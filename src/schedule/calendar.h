// The fields of a day, and where their units begin and end.
#pragma once

#include <chrono>

#include "schedule/definition.h"

namespace tocsin::schedule {

using std::chrono::local_days;
using std::chrono::local_seconds;

/// A day of the Gregorian calendar. Fields are those of days, never of times of day.
class Day {
 public:
  explicit Day(local_days day) : day_(day), date_(day) {}

  [[nodiscard]] local_days point() const { return day_; }
  [[nodiscard]] unsigned value(Field field) const;
  /// The first day of the unit (such as the month) in which it lies.
  [[nodiscard]] local_days begin(Field field) const;
  /// The first day after that unit.
  [[nodiscard]] local_days end(Field field) const;
  /// The first day of a later one in the same larger unit, which has a larger value. Ignores that
  /// the unit may end before it.
  [[nodiscard]] local_days begin_of_later(Field field, unsigned value) const;
  /// The first day of the last such unit of the larger one. The last day instances are the last
  /// seven days of the month.
  [[nodiscard]] local_days begin_of_last(Field field) const;
  /// The first day after the larger unit in which those of the field are counted.
  [[nodiscard]] local_days end_of_larger(Field field) const;

 private:
  [[nodiscard]] unsigned day_of_month() const { return static_cast<unsigned>(date_.day()); }
  /// 0 Sunday ... 6 Saturday
  [[nodiscard]] unsigned weekday() const { return std::chrono::weekday(day_).c_encoding(); }
  [[nodiscard]] local_days first_of_month() const;
  [[nodiscard]] local_days first_of_next_month() const;
  [[nodiscard]] local_days first_of_year(int years_on = 0) const;
  /// The Thursday of the week, which begins on Monday: its year is that of the week.
  [[nodiscard]] Day thursday() const;

  local_days day_;
  std::chrono::year_month_day date_;
};

/// The period that such a field makes of the time: [begin, end) around a point.
[[nodiscard]] local_seconds period_begin(Field field, local_seconds point);
[[nodiscard]] local_seconds period_end(Field field, local_seconds point);

}  // namespace tocsin::schedule
