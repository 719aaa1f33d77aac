// When alerts for people share one notification.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace tocsin::config {

struct Grouping {
  /// How long the first alert of a group waits for others; 0: not at all.
  Duration wait = std::chrono::seconds(5);
  /// Least time between two notifications to one destination; what happens within it is the next
  /// group. 0: each alert is a notification of its own, and `wait` means nothing.
  Duration interval = std::chrono::seconds(30);

  [[nodiscard]] bool is_on() const { return interval > Duration::zero(); }

  friend bool operator==(const Grouping&, const Grouping&) = default;
};

}  // namespace tocsin::config
