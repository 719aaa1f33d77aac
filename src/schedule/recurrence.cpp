#include "schedule/recurrence.h"

#include <algorithm>
#include <utility>

namespace tocsin::schedule {

using std::chrono::days, std::chrono::seconds;

namespace {

/// All years that can be named. Without such a name the calendar repeats itself after 400 of them.
constexpr days kCalendar = std::chrono::ceil<days>(std::chrono::years(481));

}  // namespace

Recurrence::Recurrence(const Definition& definition) {
  for (const auto& clause : definition.exceptions) exceptions_.emplace_back(clause);
  for (const auto& clause : definition.schedules) {
    // One that never is would be looked for each time, to the end of the calendar.
    if (Rule rule(clause); first(rule, local_seconds())) rules_.push_back(std::move(rule));
  }
}

std::optional<local_seconds> Recurrence::next(const Rule& rule, local_seconds after,
                                              local_days limit) const {
  // In the period of `after`, what has come already is all that comes.
  if (const auto begin = period_begin(rule.period(), after); begin < after) {
    const auto due = first(rule, begin, limit);
    if (!due || *due > after) return due;
  }
  return first(rule, period_end(rule.period(), after), limit);
}

std::optional<local_seconds> Recurrence::first(const Rule& rule, local_seconds from,
                                               local_days limit) const {
  auto day = std::chrono::floor<days>(from);
  auto second = static_cast<unsigned>((from - day).count());
  limit = std::min(limit, day + kCalendar);
  std::optional<Exceptions> barren;  // with these, no second of a day is left
  while (const auto found = rule.first_day(day, limit)) {
    if (*found != day) second = 0;
    day = *found;
    if (const auto exceptions = exceptions_on(Day(day)); exceptions != barren) {
      if (const auto left = first_second(rule, exceptions, second)) return day + seconds(*left);
      if (second == 0) barren = exceptions;
    }
    day += days(1);
    second = 0;
  }
  return std::nullopt;
}

Recurrence::Exceptions Recurrence::exceptions_on(const Day& day) const {
  Exceptions holding;
  for (std::size_t i = 0; i < exceptions_.size(); i++) holding.set(i, exceptions_[i].holds_on(day));
  return holding;
}

std::optional<unsigned> Recurrence::first_second(const Rule& rule, const Exceptions& exceptions,
                                                 unsigned from) const {
  for (;;) {
    const auto second = rule.times().first(from);
    if (!second || exceptions.none()) return second;
    from = *second;
    for (std::size_t i = 0; i < exceptions_.size(); i++) {
      if (const auto& times = exceptions_[i].times(); exceptions.test(i) && times.contains(*second))
        from = std::max(from, times.end_of_run(*second));
    }
    if (from == *second) return second;
  }
}

}  // namespace tocsin::schedule
