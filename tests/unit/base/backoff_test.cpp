#include "base/backoff.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;

constexpr Backoff kUpToAMinute{.first = 1s, .longest = 1min};

TEST(Backoff, DoublesUpToTheLongest) {
  EXPECT_EQ(kUpToAMinute.after(1), 1s);
  EXPECT_EQ(kUpToAMinute.after(2), 2s);
  EXPECT_EQ(kUpToAMinute.after(6), 32s);
  EXPECT_EQ(kUpToAMinute.after(7), 1min);
  EXPECT_EQ(kUpToAMinute.after(4'000'000'000U), 1min);
}

TEST(Backoff, BeforeAnyFailureItIsTheFirst) { EXPECT_EQ(kUpToAMinute.after(0), 1s); }

TEST(Jitter, IsBelowThePause) {
  const auto filled_with = [](std::uint8_t byte) {
    return [byte](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, byte); };
  };
  EXPECT_EQ(jittered(1min, filled_with(0)), 0s);
  EXPECT_EQ(jittered(1min, filled_with(0x80)), 30'117ms);
  EXPECT_EQ(jittered(1min, filled_with(0xFF)), 59'999ms);
  EXPECT_LT(jittered(Duration::max(), filled_with(0xFF)), Duration::max());
}

}  // namespace
}  // namespace tocsin
