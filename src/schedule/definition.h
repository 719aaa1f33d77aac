// What a schedule says, before any calendar is consulted: fields and their values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::schedule {

/// Days before times of day, large before small: what does not match moves on in this order.
enum class Field : std::uint8_t {
  year,
  month,
  week_of_year,   ///< ISO 8601: from Monday
  week_of_month,  ///< from Sunday, the first from the month's first day
  day_instance,   ///< how often the day's weekday has come in the month: 1 on the 1st to the 7th
  day_of_year,
  day_of_month,
  day_of_week,  ///< 1 Sunday ... 7 Saturday
  hour,
  minute,
  second,
  time_of_day,  ///< in seconds
};

/// Among the values of a field that has one: the last of its larger unit.
constexpr unsigned kLast = 0;

struct FieldFacts {
  Field field;
  unsigned seconds;  ///< how long one of it takes; on average, as later.js has it
  unsigned least;
  unsigned most;   ///< of what `every` counts
  unsigned limit;  ///< the largest value there is
  bool has_last;
  std::string_view name;    ///< of one
  std::string_view larger;  ///< in what it is counted
};

/// By the number of the field.
inline constexpr std::array kFields = {
    FieldFacts{Field::year, 31556900, 1970, 2450, 2450, false, "year", "calendar"},
    FieldFacts{Field::month, 2629740, 1, 12, 12, false, "month", "year"},
    FieldFacts{Field::week_of_year, 604800, 1, 53, 53, true, "week", "year"},
    FieldFacts{Field::week_of_month, 604800, 1, 5, 6, true, "week of the month", "month"},
    FieldFacts{Field::day_instance, 604800, 1, 5, 5, true, "day instance", "month"},
    FieldFacts{Field::day_of_year, 86400, 1, 366, 366, true, "day of the year", "year"},
    FieldFacts{Field::day_of_month, 86400, 1, 31, 31, true, "day", "month"},
    FieldFacts{Field::day_of_week, 86400, 1, 7, 7, false, "day of the week", "week"},
    FieldFacts{Field::hour, 3600, 0, 23, 23, false, "hour", "day"},
    FieldFacts{Field::minute, 60, 0, 59, 59, false, "minute", "hour"},
    FieldFacts{Field::second, 1, 0, 59, 59, false, "second", "minute"},
    FieldFacts{Field::time_of_day, 1, 0, 86399, 86399, false, "time", "day"},
};

constexpr const FieldFacts& facts(Field field) {
  return kFields.at(static_cast<std::size_t>(field));
}
constexpr bool is_of_day(Field field) { return field >= Field::hour; }

enum class Relation : std::uint8_t {
  in,      ///< one of the values
  from,    ///< the value or larger: later.js' `after`
  before,  ///< smaller than the value
};

struct Constraint {
  Field field;
  Relation relation;
  std::vector<unsigned> values;  ///< one, unless the relation is `in`
};

/// What must hold all at once. Fields come in the order in which they were named.
using Clause = std::vector<Constraint>;

struct Definition {
  std::vector<Clause> schedules;   ///< one of them must hold
  std::vector<Clause> exceptions;  ///< none of them may
  std::string remark = {};         ///< as Schedule::remark()
};

struct Mistake {
  std::size_t column;    ///< 0-based, in bytes of the text
  std::string expected;  ///< a sentence
};

template <typename T>
using Parsed = std::expected<T, Mistake>;

/// At most so many clauses in a text: bits number them.
constexpr std::size_t kMostClauses = 64;

}  // namespace tocsin::schedule
