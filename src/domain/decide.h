// The decision: which states and transitions follow from what was known and what was observed.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "domain/known_services.h"
#include "domain/service.h"
#include "domain/tracked_service.h"
#include "domain/transition.h"
#include "domain/watch.h"

namespace tocsin {

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

/// For how long a pending service may make no progress until it is stuck.
[[nodiscard]] Duration patience(const ServiceStatus& seen, const Policy& policy);

struct ServiceChange {
  ServiceName name;
  TrackedService next;
  bool forgotten = false;  ///< not tracked any more
  std::optional<Transition> transition;
  bool is_new = false;                               ///< not tracked before
  std::shared_ptr<const ServiceDetails> details;     ///< what is known besides; null: nothing
  ServiceState seen_before = ServiceState::unknown;  ///< the state before this change
};

/// A host with so many has no more that a pattern finds: its list may be another one each time, and
/// what has vanished stays for as long as its alert fires.
inline constexpr std::size_t kMostServices = 20'000;

/// One host: the changes (only these) that the observation brings, by name. Services that the
/// watchlist no longer names are forgotten silently, and so are per-user services of which nobody
/// has a copy. Any other service that a pattern found and that is gone from the list vanishes, and
/// is forgotten once no alert says so. An exact name that the observation lacks becomes unknown.
/// `others` are details of services that are not tracked.
[[nodiscard]] std::vector<ServiceChange> decide(const KnownServices& previous,
                                                const Observation& observation,
                                                const Watchlist& watchlist,
                                                const KnownDetails& others = {});

/// The observed services whose details were never read, and are needed now: for an alert (its
/// policy, what it says) first, then for whether the service is watched at all.
[[nodiscard]] std::vector<ServiceName> lacking_details(const KnownServices& previous,
                                                       const Observation& observation,
                                                       const Watchlist& watchlist,
                                                       const KnownDetails& others = {});

/// One pushed change, if it changes anything; it says nothing about the other services.
[[nodiscard]] std::optional<ServiceChange> decide(const KnownServices& previous,
                                                  const ObservedService& pushed,
                                                  const Watchlist& watchlist, Time now,
                                                  const KnownDetails& others = {});

}  // namespace tocsin
