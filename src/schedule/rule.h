// A clause, ready to be asked: on which days it holds, and at which seconds of such a day.
#pragma once

#include <bitset>
#include <optional>
#include <vector>

#include "schedule/calendar.h"
#include "schedule/definition.h"

namespace tocsin::schedule {

/// Seconds of a day, [0, 86400).
class TimesOfDay {
 public:
  explicit TimesOfDay(const Clause& clause);

  [[nodiscard]] bool contains(unsigned second) const;
  /// The first one from there on.
  [[nodiscard]] std::optional<unsigned> first(unsigned from) const;
  /// `second` is contained, and so are all before the answer.
  [[nodiscard]] unsigned end_of_run(unsigned second) const;

 private:
  [[nodiscard]] bool has_fields_of(unsigned second) const;
  void add(const Constraint& constraint);

  std::bitset<24> hours_;
  std::bitset<60> minutes_;
  std::bitset<60> seconds_;
  std::optional<std::vector<unsigned>> listed_;  ///< in ascending order
  unsigned begin_ = 0;
  unsigned end_ = 86400;
};

/// Values of a field of days.
class DaysOfField {
 public:
  explicit DaysOfField(const Constraint& constraint);

  [[nodiscard]] Field field() const { return field_; }
  [[nodiscard]] bool contains(const Day& day) const;
  /// `day` is not contained. Answers a later day that is not beyond the next one contained.
  [[nodiscard]] local_days skip(const Day& day) const;

 private:
  [[nodiscard]] bool names_last() const { return !values_.empty() && values_[0] == kLast; }
  [[nodiscard]] std::optional<unsigned> value_after(unsigned value) const;

  Field field_;
  std::vector<unsigned> values_;  ///< in ascending order; kLast is less than all
};

class Rule {
 public:
  explicit Rule(const Clause& clause);

  [[nodiscard]] bool holds_on(const Day& day) const;
  /// The first day in [from, limit) on which it holds.
  [[nodiscard]] std::optional<local_days> first_day(local_days from, local_days limit) const;
  [[nodiscard]] const TimesOfDay& times() const { return times_; }

  /// What is due once: the smallest of its fields.
  [[nodiscard]] Field period() const { return period_; }
  /// Neither hours nor times of day are named: it is due every so often, whatever the clocks show.
  [[nodiscard]] bool is_interval() const { return is_interval_; }

 private:
  std::vector<DaysOfField> days_;  ///< large fields first
  TimesOfDay times_;
  Field period_;
  bool is_interval_;
};

}  // namespace tocsin::schedule
