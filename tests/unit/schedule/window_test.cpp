#include "schedule/window.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "kit/time_zone_file.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

// A Saturday.
constexpr Time kDay = std::chrono::sys_days(2026y / 11 / 28);

Window patch_night() {
  return {Schedule::parse("at 22:00 on saturday").value(), std::chrono::hours(4)};
}

TEST(Window, IsOpenFromItsBeginUpToItsEnd) {
  EXPECT_FALSE(patch_night().open_until(kDay + 22h - 1ms));
  EXPECT_EQ(patch_night().open_until(kDay + 22h), kDay + 26h);
  EXPECT_EQ(patch_night().open_until(kDay + 26h - 1ms), kDay + 26h);
  EXPECT_FALSE(patch_night().open_until(kDay + 26h));
}

TEST(Window, ThatOverlapsItselfIsAlwaysOpen) {
  const Window window{Schedule::parse("every hour").value(), std::chrono::minutes(90)};
  for (auto now = kDay; now < kDay + 3h; now += 10min) EXPECT_TRUE(window.open_until(now));
}

TEST(Window, WhoseScheduleIsOverStaysClosed) {
  const Window window{Schedule::parse("at 9:00 in 2020").value(), std::chrono::hours(1)};
  EXPECT_FALSE(window.open_until(kDay));
}

/// Its clocks go from 2:00 to 3:00 on 2026-03-29, at 1:00 UTC, and from 3:00 back to 2:00 on
/// 2026-10-25, at 1:00 UTC.
Window in_stockholm(const std::string& begins, Duration length) {
  const auto zone =
      TimeZone::parse("Europe/Stockholm", kit::time_zone_file(1h, "CET-1CEST,M3.5.0,M10.5.0/3"));
  return {Schedule::parse(begins, zone.value()).value(), length};
}

constexpr Time kSpring = std::chrono::sys_days(2026y / 3 / 29);
constexpr Time kAutumn = std::chrono::sys_days(2026y / 10 / 25);

/// Tries its edges, to the millisecond.
void expect_open(const Window& window, Time begin, Time end) {
  EXPECT_FALSE(window.open_until(begin - 1ms));
  EXPECT_EQ(window.open_until(begin), end);
  EXPECT_EQ(window.open_until(end - 1ms), end);
  EXPECT_FALSE(window.open_until(end));
}

TEST(WindowInAZone, KeepsItsLengthWhereClocksGoForwardInIt) {
  expect_open(in_stockholm("at 22:00 on saturday", 8h), kSpring - 3h, kSpring + 5h);
  expect_open(in_stockholm("at 1:30", 1h), kSpring + 30min, kSpring + 90min);
}

TEST(WindowInAZone, KeepsItsLengthWhereClocksGoBackInIt) {
  expect_open(in_stockholm("at 22:00 on saturday", 8h), kAutumn - 4h, kAutumn + 4h);
  expect_open(in_stockholm("at 1:30", 1h), kAutumn - 30min, kAutumn + 30min);
}

TEST(WindowInAZone, WhoseBeginIsSkippedBeginsAfterTheGap) {
  for (const auto* begins : {"at 2:00", "at 2:30", "at 3:00", "at 2:15 and 2:30 and 3:00"})
    expect_open(in_stockholm(begins, 30min), kSpring + 1h, kSpring + 90min);
}

TEST(WindowInAZone, MayEndWhereClocksAreChanged) {
  expect_open(in_stockholm("at 1:00", 1h), kSpring, kSpring + 1h);
  expect_open(in_stockholm("at 2:00", 1h), kAutumn, kAutumn + 1h);
}

TEST(WindowInAZone, WhoseBeginComesTwiceOpensTheFirstTime) {
  const auto window = in_stockholm("at 2:30", 30min);
  expect_open(window, kAutumn + 30min, kAutumn + 1h);
  for (auto now = kAutumn + 1h; now < kAutumn + 24h; now += 1min)
    EXPECT_FALSE(window.open_until(now)) << iso_time(now);
}

TEST(WindowInAZone, IsOpenInBothOfTheHoursThatComeTwiceIfItIsOfEachHour) {
  const auto window = in_stockholm("every hour", 20min);
  for (const auto begin : {kAutumn, kAutumn + 1h, kAutumn + 2h, kSpring, kSpring + 1h})
    expect_open(window, begin, begin + 20min);
}

TEST(WindowInAZone, OfWholeDaysLeavesAnHourOfALongOneAndOverlapsOnAShortOne) {
  const auto window = in_stockholm("at 0:00", 24h);
  EXPECT_EQ(window.open_until(kSpring + 21h + 59min), kSpring + 23h);
  EXPECT_EQ(window.open_until(kSpring + 22h + 30min), kSpring + 23h);
  EXPECT_EQ(window.open_until(kSpring + 23h), kSpring + 46h);
  expect_open(in_stockholm("at 0:00 on sunday", 24h), kAutumn - 2h, kAutumn + 22h);
  EXPECT_FALSE(window.open_until(kAutumn + 22h + 30min));
  EXPECT_EQ(window.open_until(kAutumn + 23h), kAutumn + 47h);
}

}  // namespace
}  // namespace tocsin
