// When alerts for people share one notification.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace tocsin::config {

/// The first alert of a group leaves at once; what follows is collected.
struct Grouping {
  /// What is collected leaves so long after the first alert; 0: at the end of the first interval.
  Duration wait = std::chrono::seconds(5);
  /// And then so often, until an interval brings nothing. 0: each alert is a notification of its
  /// own, and `wait` means nothing.
  Duration interval = std::chrono::seconds(30);

  [[nodiscard]] bool is_on() const { return interval > Duration::zero(); }

  friend bool operator==(const Grouping&, const Grouping&) = default;
};

}  // namespace tocsin::config
