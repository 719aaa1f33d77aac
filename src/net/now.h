// This moment by both clocks.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/now.h"
#include "net/async.h"

namespace tocsin::net {

[[nodiscard]] inline Now now_by(const Clock& wall) {
  const auto steady = MonotonicClock::now().time_since_epoch();
  return {wall.now(), Time(std::chrono::floor<Duration>(steady))};
}

}  // namespace tocsin::net
