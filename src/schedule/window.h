// A stretch of time that begins again and again. Pure.
#pragma once

#include <optional>

#include "base/clock.h"
#include "schedule/schedule.h"

namespace tocsin {

struct Window {
  Schedule begins;
  Duration length{};

  /// When it closes, if it is open. Of several that overlap: the first to close.
  [[nodiscard]] std::optional<Time> open_until(Time now) const {
    const auto begun = begins.next(now - length);
    if (!begun || *begun > now) return std::nullopt;
    return *begun + length;
  }
};

}  // namespace tocsin
