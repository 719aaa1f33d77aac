// One moment by two clocks: the wall clock for what is stored and said, another one for waits.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace tocsin {

/// One moment by both clocks.
struct Now {
  Time wall;    ///< somebody may set it
  Time steady;  ///< passes by itself; nothing but differences of it means anything

  /// Where nobody has set the clock.
  Now(Time both) : wall(both), steady(both) {}
  Now(Time by_wall, Time by_steady) : wall(by_wall), steady(by_steady) {}

  /// When it is so late by the steady clock, which has not come yet, as the wall clock will say it
  /// if nobody sets it.
  [[nodiscard]] Time to_wall(Time at) const { return wall + (at - steady); }
  /// The other way round: for a time that was stored, or comes from elsewhere, and that is never
  /// waited for longer than `most`.
  [[nodiscard]] Time to_steady(Time at, Duration most) const {
    return steady + std::clamp(at - wall, Duration(0), std::max(most, Duration(0)));
  }
};

/// Finds out that somebody has set the wall clock, by comparing it with the steady one.
class ClockWatch {
 public:
  /// By how much it was set since follow(); 0 before the first.
  [[nodiscard]] Duration set_by(Now now) const {
    if (!ahead_) return Duration(0);
    const Duration by = now.wall - now.steady - *ahead_;
    return std::chrono::abs(by) < kCorrection ? Duration(0) : by;
  }
  /// What is to be added to every time by the wall clock that is known, so that it is as long ago
  /// as before. 0 at the first call: what is known then was stored. Nothing: the clock was not set.
  [[nodiscard]] std::optional<Duration> follow(Now now) {
    const Duration by = set_by(now);
    if (ahead_ && by == Duration(0)) return std::nullopt;
    ahead_ = now.wall - now.steady;
    return by;
  }

 private:
  /// By less it is corrected all the time, and no wait depends on it.
  static constexpr Duration kCorrection = std::chrono::seconds(1);

  std::optional<Duration> ahead_;  ///< of the steady clock
};

/// The same moment after the clock was set by so much. The epoch means never, and stays; no time
/// that something is waited for from is later than `latest`.
[[nodiscard]] inline Time moved(Time at, Duration by, Time latest) {
  return at == Time{} ? at : std::min(at + by, latest);
}

}  // namespace tocsin
