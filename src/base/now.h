// The time of the pipeline: the wall clock for what is stored and said, another one for waits.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tocsin::notify {

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

}  // namespace tocsin::notify
