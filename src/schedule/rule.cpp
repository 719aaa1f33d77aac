#include "schedule/rule.h"

#include <algorithm>

namespace tocsin::schedule {
namespace {

constexpr unsigned kMinute = 60;
constexpr unsigned kHour = 3600;

template <std::size_t Size>
void restrict(std::bitset<Size>& set, const Constraint& constraint) {
  std::bitset<Size> allowed;
  for (const auto value : constraint.values) {
    if (constraint.relation == Relation::in && value < Size) allowed.set(value);
    for (std::size_t i = value; constraint.relation == Relation::from && i < Size; i++)
      allowed.set(i);
    for (std::size_t i = 0; constraint.relation == Relation::before && i < value && i < Size; i++)
      allowed.set(i);
  }
  set &= allowed;
}

/// What decides whether a field is the smallest, in seconds. later.js gives a part of a field, such
/// as the hours from 20 on, the length of that part; but no less than one of the field.
unsigned length(const Constraint& constraint) {
  const auto& field = facts(constraint.field);
  const auto units = [&]() -> unsigned {
    switch (constraint.relation) {
      case Relation::from:
        return std::max(field.field == Field::year ? 2099U : field.limit, constraint.values[0]) -
               constraint.values[0];
      case Relation::before:
        return std::max(constraint.values[0], 1U) - 1;
      case Relation::in:
        break;
    }
    return 1;
  }();
  return field.seconds * std::max(units, 1U);
}

Field smallest(const Clause& clause) {
  const Constraint* smallest = nullptr;
  const bool names_times = std::ranges::any_of(clause, [](const Constraint& constraint) {
    return is_of_day(constraint.field) && constraint.relation == Relation::in;
  });
  for (const auto& constraint : clause) {
    // later.js makes each second of `every hour before 1:00`, but not of `every hour before 2:00`.
    if (names_times && constraint.field == Field::time_of_day &&
        constraint.relation != Relation::in)
      continue;
    if (smallest == nullptr || length(constraint) <= length(*smallest)) smallest = &constraint;
  }
  return smallest == nullptr ? Field::second : smallest->field;
}

bool names_hours(const Clause& clause) {
  return std::ranges::any_of(clause, [](const Constraint& constraint) {
    return constraint.relation == Relation::in &&
           (constraint.field == Field::time_of_day ||
            (constraint.field == Field::hour && constraint.values.size() < 24));
  });
}

}  // namespace

TimesOfDay::TimesOfDay(const Clause& clause) {
  hours_.set();
  minutes_.set();
  seconds_.set();
  for (const auto& constraint : clause) {
    if (is_of_day(constraint.field)) add(constraint);
  }
}

void TimesOfDay::add(const Constraint& constraint) {
  if (constraint.field == Field::hour) return restrict(hours_, constraint);
  if (constraint.field == Field::minute) return restrict(minutes_, constraint);
  if (constraint.field == Field::second) return restrict(seconds_, constraint);
  switch (constraint.relation) {
    case Relation::in:
      listed_ = constraint.values;
      std::ranges::sort(*listed_);
      break;
    case Relation::from:
      begin_ = std::max(begin_, constraint.values[0]);
      break;
    case Relation::before:
      end_ = std::min(end_, constraint.values[0]);
      break;
  }
}

bool TimesOfDay::has_fields_of(unsigned second) const {
  return hours_.test(second / kHour) && minutes_.test(second / kMinute % 60) &&
         seconds_.test(second % kMinute);
}

bool TimesOfDay::contains(unsigned second) const {
  return second >= begin_ && second < end_ && has_fields_of(second) &&
         (!listed_ || std::ranges::binary_search(*listed_, second));
}

std::optional<unsigned> TimesOfDay::first(unsigned from) const {
  unsigned at = std::max(from, begin_);
  if (listed_) {
    for (auto listed = std::ranges::lower_bound(*listed_, at);
         listed != listed_->end() && *listed < end_; listed++) {
      if (has_fields_of(*listed)) return *listed;
    }
    return std::nullopt;
  }
  // The largest field that does not match moves on first: at most 24 + 60 + 60 steps, and as many
  // for each hour whose minutes are over.
  while (at < end_) {
    if (!hours_.test(at / kHour)) {
      at = (at / kHour + 1) * kHour;
    } else if (!minutes_.test(at / kMinute % 60)) {
      at = (at / kMinute + 1) * kMinute;
    } else if (!seconds_.test(at % kMinute)) {
      at++;
    } else {
      return at;
    }
  }
  return std::nullopt;
}

unsigned TimesOfDay::end_of_run(unsigned second) const {
  if (listed_ || !seconds_.all()) return second + 1;
  if (!minutes_.all()) return std::min((second / kMinute + 1) * kMinute, end_);
  return std::min((second / kHour + 1) * kHour, end_);
}

DaysOfField::DaysOfField(const Constraint& constraint) : field_(constraint.field) {
  const auto& [field, relation, values] = constraint;
  if (relation == Relation::in) {
    values_ = values;
    std::ranges::sort(values_);
    return;
  }
  const auto& known = facts(field);
  const auto first = relation == Relation::from ? std::max(values[0], known.least) : known.least;
  const auto end = relation == Relation::before ? values[0] : known.limit + 1;
  for (auto value = first; value < end; value++) values_.push_back(value);
}

bool DaysOfField::contains(const Day& day) const {
  return std::ranges::binary_search(values_, day.value(field_)) ||
         (names_last() && day.point() >= day.begin_of_last(field_));
}

local_days DaysOfField::skip(const Day& day) const {
  auto to = names_last() ? day.begin_of_last(field_) : day.end_of_larger(field_);
  if (const auto later = value_after(day.value(field_)))
    to = std::min(to, day.begin_of_later(field_, *later));
  return to;
}

std::optional<unsigned> DaysOfField::value_after(unsigned value) const {
  const auto later = std::ranges::upper_bound(values_, value);
  if (later == values_.end()) return std::nullopt;
  return *later;
}

Rule::Rule(const Clause& clause)
    : times_(clause),
      period_(smallest(clause)),
      is_interval_(is_of_day(period_) && !names_hours(clause)) {
  for (const auto& constraint : clause) {
    if (!is_of_day(constraint.field)) days_.emplace_back(constraint);
  }
  std::ranges::sort(days_, {}, &DaysOfField::field);
}

bool Rule::holds_on(const Day& day) const {
  return std::ranges::all_of(days_, [&](const DaysOfField& days) { return days.contains(day); });
}

std::optional<local_days> Rule::first_day(local_days from, local_days limit) const {
  while (from < limit) {
    const Day day(from);
    const auto missing =
        std::ranges::find_if(days_, [&](const DaysOfField& days) { return !days.contains(day); });
    if (missing == days_.end()) return from;
    from = missing->skip(day);
  }
  return std::nullopt;
}

}  // namespace tocsin::schedule
