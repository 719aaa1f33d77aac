#include "base/clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using std::chrono::milliseconds;

constexpr Time kSample{milliseconds(1'795'633'323'004)};

TEST(Clock, WritesTimesInUtc) {
  EXPECT_EQ(iso_time(kSample), "2026-11-25T19:02:03.004Z");
  EXPECT_EQ(iso_seconds(kSample), "2026-11-25T19:02:03Z");
  EXPECT_EQ(iso_minutes(kSample), "2026-11-25T19:02Z");
  EXPECT_EQ(time_of_day(kSample), "19:02:03Z");
}

TEST(Clock, RoundsDownBefore1970) {
  constexpr Time kBefore{milliseconds(-1)};
  EXPECT_EQ(iso_time(kBefore), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_seconds(kBefore), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace tocsin
