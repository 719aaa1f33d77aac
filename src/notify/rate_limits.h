// How soon a destination takes the next alert of a kind about a service.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "domain/alert.h"

namespace tocsin::notify {

/// The shortest time between two deliveries of one kind about one service; 0: no limit. What comes
/// sooner is delayed, with all that comes behind it about the service, and never dropped.
struct RateLimits {
  std::chrono::seconds down{};  ///< of `serviceStopped`
  std::chrono::seconds up{};    ///< of `serviceStarted`
  // `otherAlerts`, while they fire and when they are resolved; nothing: as above.
  std::optional<std::chrono::seconds> other_down{};
  std::optional<std::chrono::seconds> other_up{};

  /// The limit of the section to which the alert belongs (section_of).
  [[nodiscard]] std::chrono::seconds of(const Alert& alert) const;
  [[nodiscard]] std::chrono::seconds longest() const {
    return std::max({down, up, other_down.value_or(down), other_up.value_or(up)});
  }
};

}  // namespace tocsin::notify
