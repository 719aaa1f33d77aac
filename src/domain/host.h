// A host as a whole: whether it is reached, whether it has just started, and whether so much of it
// stops at once that alerts wait. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/boot.h"
#include "domain/decide.h"
#include "domain/policy.h"
#include "domain/review.h"

namespace tocsin {

/// What is remembered about a host between two checks, and stored.
struct TrackedHost {
  std::string error;           ///< why it was not reached the last time; empty: it was
  bool login_refused = false;  ///< it was reached, but does not let its credential in
  Time since{};                ///< since when it is reached or not
  Time reached_since{};        ///< of one that is not: since when it had been
  std::uint32_t failures = 0;  ///< checks that failed in a row, as far as grace counts
  bool notified = false;       ///< of its being unreachable
  Time firing_since{};         ///< since when that alert fires
  Time notified_at{};          ///< the last time
  std::uint32_t reminders = 0;
  Time booted_at{};       ///< when it was seen to have started; the epoch: never
  BootSigns boot{};       ///< by which the next start is recognised
  Time storm_until{};     ///< until then firing alerts of services wait
  Time shutdown_since{};  ///< since when it says that it is shutting down; the epoch: it does not

  friend bool operator==(const TrackedHost&, const TrackedHost&) = default;
};

/// As for a service. A storm lasts no longer than one that began now.
void follow_clock(TrackedHost& host, const HostPolicy& policy, Duration set_by, Time now);

/// How many of the services that were running stop, or begin to, at once.
struct Falls {
  std::size_t fell = 0;
  std::size_t ran = 0;
};

/// Whether a service that was settled as running stops or begins to.
[[nodiscard]] bool falls(const TrackedService& known, ServiceState now);
/// Begins a storm where so many fall at once, unless one lasts or has just ended.
void note_falls(TrackedHost& host, const Falls& falls, const HostPolicy& policy, Time now);

/// What suppresses the alerts of a host as a whole.
struct HostCircumstances {
  std::optional<Suppression> silence;       ///< everything but the end of what was notified
  std::optional<Suppression> acknowledged;  ///< somebody has seen what fires: reminders
};

/// Called after each check of a host. `previous` are its services as they were known before. Keeps
/// in `host` what was notified.
[[nodiscard]] std::vector<AlertDraft> review(TrackedHost& host, const Observation& observation,
                                             const KnownServices& previous,
                                             const HostPolicy& policy,
                                             const HostCircumstances& circumstances);
/// What time alone has changed of a host that is not reached: suppressions that ended, reminders.
[[nodiscard]] std::vector<AlertDraft> review(TrackedHost& host, const HostPolicy& policy,
                                             const HostCircumstances& circumstances, Time now);
/// When that has something to say if nothing happens before; Time::max(): not known.
[[nodiscard]] Time next_review(const TrackedHost& host, const HostPolicy& policy,
                               const HostCircumstances& circumstances, Time now);
/// Why a host that is not reached is not notified now; nothing: no reason.
[[nodiscard]] std::optional<Suppression> find_suppression(const TrackedHost& host,
                                                          const HostPolicy& policy,
                                                          const HostCircumstances& circumstances,
                                                          Time now);

}  // namespace tocsin
