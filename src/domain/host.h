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

/// What is remembered about a host between two looks, and stored.
struct TrackedHost {
  std::string error;           ///< why it was not reached the last time; empty: it was
  bool login_refused = false;  ///< it was reached, and its credential is in trouble, not the host
  Time since{};                ///< since when it is reached or not
  std::uint32_t failures = 0;  ///< looks that failed in a row, as far as grace counts
  bool notified = false;       ///< that it is not reached
  Time notified_at{};          ///< when, the last time
  std::uint32_t reminders = 0;
  Time booted_at{};    ///< when it was seen to have started; the epoch: never
  Time storm_until{};  ///< until then bad news of services waits

  friend bool operator==(const TrackedHost&, const TrackedHost&) = default;
};

/// After each look at a host. `previous` are its services as they were known before. Keeps in
/// `host` what people were told.
[[nodiscard]] std::vector<AlertDraft> review(TrackedHost& host, const Observation& observation,
                                             const TrackedServices& previous,
                                             const HostPolicy& policy,
                                             const std::optional<Suppression>& silence);

}  // namespace tocsin
