// FILETIME: steps of 100 ns since 1601 ([MS-DTYP] 2.3.3).
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

#include "base/clock.h"

namespace tocsin::wire {

using FiletimeStep = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
inline constexpr std::chrono::seconds kFrom1601To1970{11'644'473'600};

[[nodiscard]] constexpr std::uint64_t to_filetime(Time time) {
  return static_cast<std::uint64_t>(
      FiletimeStep(time.time_since_epoch() + kFrom1601To1970).count());
}

/// Any number is a time: what a host says may lie thousands of years away, or before 1601.
[[nodiscard]] constexpr Time from_filetime(std::uint64_t filetime) {
  return Time(std::chrono::floor<Duration>(FiletimeStep(static_cast<std::int64_t>(filetime))) -
              kFrom1601To1970);
}

}  // namespace tocsin::wire
