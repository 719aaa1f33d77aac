// A host as a whole: whether it is reached, whether it has just started, and whether so much
// happens at once that it is about to go. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/decide.h"
#include "domain/policy.h"
#include "domain/review.h"

namespace tocsin {

/// What is remembered about a host between two checks, and stored.
struct TrackedHost {
  std::string error;           ///< why it was not reached the last time; empty: it was
  bool login_refused = false;  ///< it was reached, but does not let its credential in
  Time since{};                ///< since when it is reached or not
  std::uint32_t failures = 0;  ///< checks that failed in a row, as far as grace counts
  bool notified = false;       ///< of its being unreachable
  Time notified_at{};          ///< the last time
  std::uint32_t reminders = 0;
  Time booted_at{};    ///< when it was seen to have started; the epoch: never
  Time storm_until{};  ///< until then firing alerts of services wait

  friend bool operator==(const TrackedHost&, const TrackedHost&) = default;
};

/// Called after each check of a host. `previous` are its services as they were known before. Keeps
/// in `host` what was notified. `acknowledged` suppresses reminders.
[[nodiscard]] std::vector<AlertDraft> review(TrackedHost& host, const Observation& observation,
                                             const TrackedServices& previous,
                                             const HostPolicy& policy,
                                             const std::optional<Suppression>& silence,
                                             const std::optional<Suppression>& acknowledged);

}  // namespace tocsin
