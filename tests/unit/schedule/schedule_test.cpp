#include "schedule/schedule.h"

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin {
namespace {

using namespace std::chrono_literals;

/// 2024-03-01, a Friday, at the given time of day.
Time at(std::chrono::milliseconds time_of_day) {
  return std::chrono::sys_days(2024y / 3 / 1) + time_of_day;
}

struct Points {
  std::string text;
  std::vector<std::chrono::seconds> due;  ///< after 10:20:03.250
};

std::ostream& operator<<(std::ostream& out, const Points& points) { return out << points.text; }

class SchedulePoints : public testing::TestWithParam<Points> {};

// What `@breejs/later` 4.2.0 answers for the same texts and the same start.
TEST_P(SchedulePoints, AreThoseOfLater) {
  const auto schedule = Schedule::parse(GetParam().text);
  ASSERT_TRUE(schedule) << schedule.error().expected;
  EXPECT_EQ(schedule->text(), GetParam().text);
  auto now = at(10h + 20min + 3250ms);
  for (const auto due : GetParam().due) {
    now = schedule->next(now).value();
    EXPECT_EQ(now, at(due));
  }
}

constexpr auto k1020 = 10h + 20min;

INSTANTIATE_TEST_SUITE_P(
    Texts, SchedulePoints,
    testing::Values(
        Points{"every 5 seconds", {k1020 + 5s, k1020 + 10s, k1020 + 15s}},
        Points{"every 1 second", {k1020 + 4s, k1020 + 5s}},
        Points{"every 30 seconds", {k1020 + 30s, 10h + 21min, 10h + 21min + 30s}},
        Points{"every 7 seconds",
               {k1020 + 7s, k1020 + 14s, k1020 + 21s, k1020 + 28s, k1020 + 35s, k1020 + 42s,
                k1020 + 49s, k1020 + 56s, 10h + 21min, 10h + 21min + 7s}},
        Points{"every 59 seconds", {k1020 + 59s, 10h + 21min, 10h + 21min + 59s, 10h + 22min}},
        Points{"every 60 seconds", {10h + 21min, 10h + 22min}},
        Points{"every 90 seconds", {10h + 21min, 10h + 22min}},
        Points{"every 1 minute", {10h + 21min, 10h + 22min}},
        Points{"every 25 minutes", {10h + 25min, 10h + 50min, 11h, 11h + 25min}},
        Points{"every 60 minutes", {11h, 12h}}, Points{"every 90 minutes", {11h, 12h}},
        Points{"every 5 hours", {15h, 20h, 24h, 29h, 34h, 39h, 44h, 48h}},
        Points{"every 24 hours", {24h, 48h}}, Points{"every 30 hours", {24h, 48h}},
        Points{"every 20 s", {k1020 + 20s}}, Points{"every 20 sec", {k1020 + 20s}},
        Points{"every 20 secs", {k1020 + 20s}}, Points{"every 2 second", {k1020 + 4s}},
        Points{"every 5 m", {10h + 25min}}, Points{"every 5 min", {10h + 25min}},
        Points{"every 5 mins", {10h + 25min}}, Points{"every 2 h", {12h}},
        Points{"every 5th second", {k1020 + 5s}}, Points{"every 05 seconds", {k1020 + 5s}},
        Points{"EVERY 5 Seconds", {k1020 + 5s}}, Points{"  every\t5   seconds ", {k1020 + 5s}}));

TEST(Schedule, TakesAUnitWithoutANumberAsOne) {
  EXPECT_EQ(Schedule::parse("every second")->next(at(10h)), at(10h + 1s));
  EXPECT_EQ(Schedule::parse("every minute")->next(at(10h)), at(10h + 1min));
  EXPECT_EQ(Schedule::parse("every hour")->next(at(10h)), at(11h));
}

TEST(Schedule, IsEvery30SecondsWhenNothingIsSaid) {
  EXPECT_EQ(Schedule().text(), "every 30 seconds");
  EXPECT_EQ(Schedule().next(at(10h)), at(10h + 30s));
}

TEST(Schedule, IsNeverDueAtTheTimeAskedAbout) {
  const auto schedule = *Schedule::parse("every 30 seconds");
  EXPECT_EQ(schedule.next(at(10h - 1ms)), at(10h));
  EXPECT_EQ(schedule.next(at(10h)), at(10h + 30s));
  EXPECT_EQ(schedule.next(at(10h + 1ms)), at(10h + 30s));
}

TEST(Schedule, CountsBeforeTheEpochToo) {
  EXPECT_EQ(Schedule::parse("every 2 hours")->next(Time(-1ms)), Time(0ms));
  EXPECT_EQ(Schedule::parse("every 45 minutes")->next(Time(-1h)), Time(-15min));
}

TEST(Schedule, MayComeInAnyOfTheYearsThatCanBeNamed) {
  EXPECT_EQ(Schedule::parse("at 9:00 on the last day of the year in 2450")->next(at(10h)),
            std::chrono::sys_days(2450y / 12 / 31) + 9h);
}

TEST(Schedule, IsDueWhereOneOfItsAlternativesNeverIs) {
  const auto schedule = *Schedule::parse("on the 31st day of february also at 9:00");
  EXPECT_EQ(schedule.next(at(10h)), at(33h));
}

struct Remark {
  std::string text;
  std::string remark;
};

TEST(Schedule, SaysWhereATextDoesNotDoWhatItSays) {
  const std::vector<Remark> table = {
      {"every 30 seconds", ""},
      {"every 60 seconds", ""},
      {"every 24 hours", ""},
      {"every 45 seconds",
       "starts anew with each minute, so the last step before it takes 15 seconds"},
      {"every 59 minutes", "starts anew with each hour, so the last step before it takes 1 minute"},
      {"every 90 seconds", "is due once per minute, because steps count within each minute"},
      {"every 25 hours", "is due once per day, because steps count within each day"},
      {"every 2 days", "starts anew with each month"},
      {"every 5 months", "starts anew with each year, so the last step before it takes 2 months"},
      {"every 15 minutes starting on the 7th minute", ""},
      {"every day", "is read as `every 1 day`; Butler reads it as once per month"},
      {"* */5 * * * *", "is due once per minute: a `*` for the seconds does not mean each second"},
      {"* * 5 * * *", "is due once per hour: a `*` for the seconds does not mean each second"},
      {"0 0 5 * * *", ""},
      {"every second", "is read as `every 1 second`; Butler reads it as once per minute"}};
  for (const auto& [text, remark] : table)
    EXPECT_EQ(Schedule::parse(text)->remark(), remark) << text;
}

}  // namespace
}  // namespace tocsin
