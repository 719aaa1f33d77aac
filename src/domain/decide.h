// The decision: which states and transitions follow from what was known and what was observed.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "domain/service.h"
#include "domain/transition.h"
#include "domain/watch.h"

namespace tocsin {

/// What people believe of a service: what they were notified of last, or its first sight unless
/// that is an alert.
struct Notified {
  ServiceState settled = ServiceState::unknown;
  bool stuck = false;
  bool denied = false;
  ServiceState from = ServiceState::unknown;  ///< its state before, by what was notified
  Time since{};                               ///< when it was notified first
  Time at{};                                  ///< when it was notified last
  std::uint32_t reminders = 0;                ///< how many reminders followed
  Time firing_since{};       ///< since when an alert about it fires; the epoch: none does
  bool first_sight = false;  ///< it was so when first seen: only who was notified hears its end

  friend bool operator==(const Notified&, const Notified&) = default;
};

/// What is remembered about a service between two checks, and stored.
struct TrackedService {
  ServiceStatus seen;  ///< by the last check; state unknown while the host is not reached
  /// The state that alerts are compared with: never pending or denied. A service first seen on its
  /// way is taken to come from where that way begins; one that was denied or unknown from the first
  /// check on has none (unknown) until it is seen.
  ServiceState settled = ServiceState::unknown;
  Time settled_since{};          ///< since when
  Time since{};                  ///< since when `seen.state` is what it is
  Time progress_at{};            ///< when a pending service last changed state or checkpoint
  std::uint32_t process_id = 0;  ///< the last one known of a service that is settled as running
  bool stuck = false;            ///< reported as stuck, and not settled since
  bool denied = false;           ///< reported (or found at first sight), and not settled since
  Notified notified;
  std::uint32_t checks = 1;   ///< how often `settled` was seen in a row, as far as grace counts
  std::vector<Time> changes;  ///< the last ones, for as long as they count as flapping
  bool flapping = false;
  bool flapping_bad = false;                         ///< a bad state was notified since it flaps
  ServiceState storm_state = ServiceState::unknown;  ///< what a storm suppressed; unknown: nothing
  Duration storm_lasted{};                           ///< for how long it was so; 0: it still is
  bool first_sight = false;        ///< nobody was notified yet, and a bad state is an alert
  bool waits_with_others = false;  ///< suppressed by what ends for many alerts at once

  friend bool operator==(const TrackedService&, const TrackedService&) = default;
};

/// The wall clock was set by so much, and it is `now`: what is waited for moves with it. Since when
/// an alert fires does not: by that an acknowledgement knows its alert.
void follow_clock(TrackedService& service, Duration set_by, Time now);

/// Whether an alert about the service was notified, and not its end.
[[nodiscard]] inline bool fires(const TrackedService& service) {
  return service.notified.firing_since != Time{};
}

struct Decision {
  TrackedService next;
  std::optional<Transition> transition;
};

/// What a bad state at first sight is.
enum class AtFirstSight : std::uint8_t { baseline, alert };

/// One service. `previous` is null at the first sight ever: then a state that is not expected is a
/// transition from unknown, or only the baseline. As an alert, a pending service is first seen when
/// it settles or is stuck. Pending states are no transitions until they settle; unknown changes
/// nothing but `seen.state` and `since`. After stuck or denied, one more transition always follows
/// when the service settles, even where it settles in the state that it had.
[[nodiscard]] Decision decide(const TrackedService* previous, const ServiceStatus& seen,
                              const Policy& policy, Time now,
                              AtFirstSight at_first_sight = AtFirstSight::baseline);

/// The states of one host's services, by name.
using TrackedServices = std::map<ServiceName, TrackedService>;

struct ServiceChange {
  ServiceName name;
  TrackedService next;
  bool forgotten = false;  ///< not tracked any more
  std::optional<Transition> transition;
  bool is_new = false;                               ///< not tracked before
  std::shared_ptr<const ServiceDetails> details;     ///< what is known besides; null: nothing
  ServiceState seen_before = ServiceState::unknown;  ///< the state before this change
};

/// One host: the changes (only these) that the observation brings, by name. Services that the
/// watchlist no longer names are forgotten silently, and so are per-user services of which nobody
/// has a copy. Any other service that a pattern found and that is gone from the list vanishes, and
/// is forgotten once no alert says so. An exact name that the observation lacks becomes
/// unknown; of a name that it brings twice the first counts.
[[nodiscard]] std::vector<ServiceChange> decide(const TrackedServices& previous,
                                                const Observation& observation,
                                                const Watchlist& watchlist,
                                                const KnownDetails& details = {});

/// The observed services whose details were never read, and are needed now: for an alert (its
/// policy, what it says) first, then for whether the service is watched at all. `known` are those
/// that the observation lacks.
[[nodiscard]] std::vector<ServiceName> lacking_details(const TrackedServices& previous,
                                                       const Observation& observation,
                                                       const Watchlist& watchlist,
                                                       const KnownDetails& known);

/// One pushed change, if it changes anything; it says nothing about the other services.
[[nodiscard]] std::optional<ServiceChange> decide(const TrackedServices& previous,
                                                  const ObservedService& pushed,
                                                  const Watchlist& watchlist, Time now,
                                                  const KnownDetails& details = {});

}  // namespace tocsin
