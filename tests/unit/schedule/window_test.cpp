#include "schedule/window.h"

#include <chrono>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tocsin
