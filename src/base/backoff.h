// How long to wait between attempts: written once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace tocsin {

/// A pause that doubles with each failure in a row, up to the longest.
struct Backoff {
  Duration first;
  Duration longest;

  /// The pause after so many failures in a row, from 1 on.
  [[nodiscard]] constexpr Duration after(unsigned failures) const {
    constexpr unsigned kMostDoublings = 30;
    const auto doublings = std::clamp(failures, 1U, kMostDoublings + 1) - 1;
    return std::min(longest, first * (std::int64_t{1} << doublings));
  }
};

/// Anything from nothing to the whole of a pause, so that many who wait do not come back at once.
[[nodiscard]] inline Duration jittered(Duration pause, const RandomFill& random) {
  std::array<std::uint8_t, 4> bytes{};
  random(bytes);
  std::uint64_t drawn = 0;
  for (const std::uint8_t byte : bytes) drawn = drawn << 8 | byte;
  constexpr std::uint64_t kSteps = std::uint64_t{1} << 32;
  const auto whole = static_cast<std::uint64_t>(pause.count());
  const auto share = whole / kSteps * drawn + whole % kSteps * drawn / kSteps;
  return Duration(static_cast<Duration::rep>(share));
}

}  // namespace tocsin
