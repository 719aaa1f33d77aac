// The ways across the calendar, against a walk from day to day.
#include "schedule/rule.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin::schedule {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

std::optional<local_days> walk(const Rule& rule, local_days from, local_days limit) {
  while (from < limit && !rule.holds_on(Day(from))) from += days(1);
  return from < limit ? std::optional(from) : std::nullopt;
}

/// From each day of years of all lengths, with weeks of ISO 8601 of both numbers.
void expect_that_of_a_walk(const Clause& clause) {
  const Rule rule(clause);
  std::string fields;
  for (const auto& constraint : clause) {
    fields += std::string(facts(constraint.field).name) + ":";
    for (const auto value : constraint.values) fields += " " + std::to_string(value);
    fields += "; ";
  }
  constexpr local_days kEnd(2027y / 1 / 15);
  std::optional<local_days> walked = walk(rule, local_days(2023y / 12 / 20), kEnd);
  for (local_days from(2023y / 12 / 20); from < kEnd; from += days(1)) {
    if (walked && *walked < from) walked = walk(rule, from, kEnd);
    ASSERT_EQ(rule.first_day(from, kEnd), walked) << fields << from.time_since_epoch().count();
  }
}

Constraint some(Field field, const std::vector<unsigned>& values) {
  return {.field = field, .relation = Relation::in, .values = values};
}

/// Of each field: its ends, what not every larger unit has, the last.
std::vector<Constraint> constraints() {
  std::vector<Constraint> all = {some(Field::year, {2024, 2026})};
  for (const auto& field : kFields) {
    if (is_of_day(field.field) || field.field == Field::year) continue;
    all.push_back(some(field.field, {field.least}));
    all.push_back(some(field.field, {field.limit}));
    all.push_back(some(field.field, {field.least + 1, field.limit - 1}));
    if (!field.has_last) continue;
    all.push_back(some(field.field, {kLast}));
    all.push_back(some(field.field, {kLast, field.least + 2}));
  }
  return all;
}

TEST(Rule, SkipsNoDayOnWhichItHolds) {
  for (const auto& one : constraints()) {
    expect_that_of_a_walk({one});
    for (const auto& other : constraints()) {
      if (one.field < other.field) expect_that_of_a_walk({one, other});
    }
  }
}

}  // namespace
}  // namespace tocsin::schedule
