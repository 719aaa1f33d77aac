// Which section of its destination an alert belongs to, decided once for all channels.
#pragma once

#include "config/destinations/alert_sections.h"
#include "domain/alert.h"
#include "notify/rate_limits.h"

namespace tocsin::notify {

/// `stopped` and `started` only where Butler would say so too: for a service that should run. A
/// service that starts and should not, or stops as it should, is another alert, and so is every
/// other kind.
[[nodiscard]] config::AlertSection section_of(const Alert& alert);

/// The limits of all sections of a destination.
template <typename Settings>
[[nodiscard]] RateLimits rate_limits_of(const Settings& settings) {
  using enum config::AlertSection;
  const auto limit_of = [&](config::AlertSection section) {
    return config::message_of(settings, section).rate_limit;
  };
  return {.down = limit_of(stopped),
          .up = limit_of(started),
          .other_down = limit_of(other_firing),
          .other_up = limit_of(other_resolved)};
}

}  // namespace tocsin::notify
