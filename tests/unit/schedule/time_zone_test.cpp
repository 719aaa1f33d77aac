#include "schedule/time_zone.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kit/time_zone_file.h"
#include "schedule/schedule.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

TimeZone zone(std::chrono::seconds offset, std::string_view footer) {
  return TimeZone::parse("Test/Zone", kit::time_zone_file(offset, footer)).value();
}

TimeZone stockholm() { return zone(1h, "CET-1CEST,M3.5.0,M10.5.0/3"); }

TEST(TimeZone, IsUtcWhenNothingIsSaid) {
  EXPECT_EQ(TimeZone().name(), "UTC");
  EXPECT_EQ(TimeZone().period_at(sys_days(2024y / 7 / 1)).offset, 0s);
}

TEST(TimeZone, AppliesTheRulesOfItsFooter) {
  const auto period = stockholm().period_at(sys_days(2024y / 7 / 1));
  EXPECT_EQ(period.begin, sys_days(2024y / 3 / 31) + 1h);
  EXPECT_EQ(period.end, sys_days(2024y / 10 / 27) + 1h);
  EXPECT_EQ(period.offset, 2h);
  EXPECT_EQ(stockholm().period_at(sys_days(2060y / 1 / 1)).offset, 1h);
}

TEST(TimeZone, KnowsTheOtherKindsOfRules) {
  // The south, where the summer goes from one year to the next; times beyond a day, and before it.
  const auto nuuk = zone(-2h, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  EXPECT_EQ(nuuk.period_at(sys_days(2025y / 7 / 1)).begin, sys_days(2025y / 3 / 30) + 1h);
  const auto santiago = zone(-4h, "<-04>4<-03>,M9.1.6/24,M4.1.6/24");
  EXPECT_EQ(santiago.period_at(sys_days(2025y / 12 / 31)).offset, -3h);
  EXPECT_EQ(santiago.period_at(sys_days(2025y / 12 / 31)).begin, sys_days(2025y / 9 / 7) + 4h);
  const auto by_day = zone(1h, "AAA-1BBB-2:30,J60/0,364/0");
  EXPECT_EQ(by_day.period_at(sys_days(2024y / 7 / 1)).begin, sys_days(2024y / 3 / 1) - 1h);
  EXPECT_EQ(by_day.period_at(sys_days(2024y / 7 / 1)).end, sys_days(2024y / 12 / 30) - 150min);
}

TEST(TimeZone, RefusesDamagedFiles) {
  const auto whole = kit::time_zone_file(1h, "CET-1CEST,M3.5.0,M10.5.0/3");
  for (std::size_t size = 0; size < whole.size(); size++)
    EXPECT_FALSE(TimeZone::parse("x", whole.substr(0, size))) << size;
  for (const auto* footer :
       {"CET", "-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<CE-1", "CET-200"})
    EXPECT_FALSE(TimeZone::parse("x", kit::time_zone_file(1h, footer))) << footer;
  EXPECT_FALSE(TimeZone::parse("x", kit::time_zone_file(100h, "")));
  EXPECT_EQ(TimeZone::parse("x", "").error().what, "the file of the time zone x is damaged");
}

std::vector<std::string> due(std::string_view text, const TimeZone& zone, Time after, int count) {
  const auto schedule = Schedule::parse(text, zone);
  std::vector<std::string> times;
  for (int i = 0; i < count; i++) {
    after = schedule->next(after).value();
    times.push_back(iso_time(after).substr(0, 16));
  }
  return times;
}

using Times = std::vector<std::string>;

TEST(ScheduleInAZone, FollowsTheClocks) {
  EXPECT_EQ(due("at 9:00", stockholm(), sys_days(2024y / 3 / 30), 2),
            (Times{"2024-03-30T08:00", "2024-03-31T07:00"}));
  EXPECT_EQ(due("on monday", stockholm(), sys_days(2024y / 7 / 3), 1), Times{"2024-07-07T22:00"});
}

TEST(ScheduleInAZone, IsDueAfterTheGapThatSkipsIt) {
  const Time before = sys_days(2024y / 3 / 31);
  EXPECT_EQ(due("at 2:30", stockholm(), before, 2),
            (Times{"2024-03-31T01:00", "2024-04-01T00:30"}));
  // Both at once are due once.
  EXPECT_EQ(due("at 2:30 and 2:45 and 3:00", stockholm(), before, 2),
            (Times{"2024-03-31T01:00", "2024-04-01T00:30"}));
  EXPECT_EQ(due("0 2 * * *", stockholm(), before, 1), Times{"2024-03-31T01:00"});
}

TEST(ScheduleInAZone, IsDueTheFirstTimeOfTwo) {
  const Time before = sys_days(2024y / 10 / 26) + 22h;
  EXPECT_EQ(due("at 2:30", stockholm(), before, 2),
            (Times{"2024-10-27T00:30", "2024-10-28T01:30"}));
  EXPECT_EQ(due("at 2:30", stockholm(), sys_days(2024y / 10 / 27) + 75min, 1),
            Times{"2024-10-28T01:30"});
  EXPECT_EQ(due("every 2 hours", stockholm(), sys_days(2024y / 10 / 26) + 23h, 2),
            (Times{"2024-10-27T00:00", "2024-10-27T03:00"}));
}

TEST(ScheduleInAZone, GoesOnThroughBothWhereItIsAnInterval) {
  EXPECT_EQ(
      due("every 30 minutes", stockholm(), sys_days(2024y / 3 / 31), 4),
      (Times{"2024-03-31T00:30", "2024-03-31T01:00", "2024-03-31T01:30", "2024-03-31T02:00"}));
  EXPECT_EQ(
      due("every 30 minutes", stockholm(), sys_days(2024y / 10 / 27), 4),
      (Times{"2024-10-27T00:30", "2024-10-27T01:00", "2024-10-27T01:30", "2024-10-27T02:00"}));
  EXPECT_EQ(due("every hour", stockholm(), sys_days(2024y / 10 / 26) + 23h + 30min, 3),
            (Times{"2024-10-27T00:00", "2024-10-27T01:00", "2024-10-27T02:00"}));
}

TEST(ScheduleInAZone, KeepsToMinutesOfZonesThatLieBetweenHours) {
  const auto kathmandu = zone(5h + 45min, "<+0545>-5:45");
  EXPECT_EQ(due("every hour", kathmandu, sys_days(2024y / 3 / 31), 2),
            (Times{"2024-03-31T00:15", "2024-03-31T01:15"}));
}

TEST(ScheduleInAZone, BeginsADayThatHasNoMidnight) {
  const auto beirut = zone(2h, "EET-2EEST,M3.5.0/0,M10.5.0/0");
  EXPECT_EQ(due("on sunday", beirut, sys_days(2024y / 3 / 30), 1), Times{"2024-03-30T22:00"});
}

}  // namespace
}  // namespace tocsin
