#include "schedule/calendar.h"

#include <algorithm>

namespace tocsin::schedule {

using std::chrono::days, std::chrono::months, std::chrono::years;

unsigned Day::value(Field field) const {
  switch (field) {
    case Field::year:
      return static_cast<unsigned>(static_cast<int>(date_.year()));
    case Field::month:
      return static_cast<unsigned>(date_.month());
    case Field::week_of_year:
      return (thursday().value(Field::day_of_year) - 1) / 7 + 1;
    case Field::week_of_month:
      return (day_of_month() + 6 - weekday() +
              std::chrono::weekday(first_of_month()).c_encoding()) /
             7;
    case Field::day_instance:
      return (day_of_month() - 1) / 7 + 1;
    case Field::day_of_year:
      return static_cast<unsigned>((day_ - first_of_year()).count()) + 1;
    case Field::day_of_month:
      return day_of_month();
    case Field::day_of_week:
      return weekday() + 1;
    default:
      return 0;
  }
}

local_days Day::begin(Field field) const {
  switch (field) {
    case Field::year:
      return first_of_year();
    case Field::month:
      return first_of_month();
    case Field::week_of_year:
      return day_ - days((weekday() + 6) % 7);
    case Field::week_of_month:
      return std::max(day_ - days(weekday()), first_of_month());
    case Field::day_instance:
      return day_ - days((day_of_month() - 1) % 7);
    default:
      return day_;
  }
}

local_days Day::end(Field field) const {
  switch (field) {
    case Field::year:
      return first_of_year(1);
    case Field::month:
      return first_of_next_month();
    case Field::week_of_year:
      return begin(field) + days(7);
    case Field::week_of_month:
      return std::min(day_ + days(7 - weekday()), first_of_next_month());
    case Field::day_instance:
      return std::min(begin(field) + days(7), first_of_next_month());
    default:
      return day_ + days(1);
  }
}

local_days Day::begin_of_later(Field field, unsigned value) const {
  if (field == Field::year)
    return local_days(std::chrono::year(static_cast<int>(value)) / std::chrono::January / 1);
  if (field == Field::month) return local_days(date_.year() / std::chrono::month(value) / 1);
  const auto length = std::chrono::floor<days>(std::chrono::seconds(facts(field).seconds));
  return end(field) + length * (value - this->value(field) - 1);
}

local_days Day::begin_of_last(Field field) const {
  if (field == Field::day_instance) return first_of_next_month() - days(7);
  return Day(end_of_larger(field) - days(1)).begin(field);
}

local_days Day::end_of_larger(Field field) const {
  switch (field) {
    case Field::year:
      return local_days::max();
    case Field::month:
    case Field::day_of_year:
      return first_of_year(1);
    case Field::week_of_year:
      return Day(thursday().first_of_year(1) + days(3)).begin(field);
    case Field::day_of_week:
      return day_ + days(7 - weekday());
    default:
      return first_of_next_month();
  }
}

local_days Day::first_of_month() const { return day_ - days(day_of_month() - 1); }

local_days Day::first_of_next_month() const {
  return local_days((date_.year() / date_.month() + months(1)) / 1);
}

local_days Day::first_of_year(int years_on) const {
  return local_days((date_.year() + years(years_on)) / std::chrono::January / 1);
}

Day Day::thursday() const { return Day(begin(Field::week_of_year) + days(3)); }

local_seconds period_begin(Field field, local_seconds point) {
  if (field == Field::hour) return std::chrono::floor<std::chrono::hours>(point);
  if (field == Field::minute) return std::chrono::floor<std::chrono::minutes>(point);
  if (is_of_day(field)) return point;
  return Day(std::chrono::floor<days>(point)).begin(field);
}

local_seconds period_end(Field field, local_seconds point) {
  if (is_of_day(field))
    return period_begin(field, point) + std::chrono::seconds(facts(field).seconds);
  return Day(std::chrono::floor<days>(point)).end(field);
}

}  // namespace tocsin::schedule
