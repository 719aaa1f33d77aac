// The decision: what was known, what was seen, what follows from it. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/service.h"
#include "domain/watch.h"

namespace tocsin {

/// Everything worth telling. The names stand in the history, the API and the metrics.
enum class TransitionKind : std::uint8_t {
  started,      ///< runs now; did not before
  stopped,      ///< is stopped now; was not before
  paused,       ///< is paused now; was not before
  restarted,    ///< ran and runs, in another process
  vanished,     ///< was there and is not any more
  stuck,        ///< pending for longer than it said it would take
  denied,       ///< the host no longer lets us look
  visible,      ///< the host lets us look again, and nothing changed meanwhile
  unreachable,  ///< of a host: it can no longer be asked
  reachable,    ///< of a host: it can be asked again
};

[[nodiscard]] std::string_view to_string(TransitionKind kind);

/// What is remembered about a service between two looks, and stored.
struct TrackedService {
  ServiceStatus seen;  ///< the last look; state unknown while the host is not reached
  /// The state that alerts are compared with: never pending, denied or unknown.
  ServiceState settled = ServiceState::unknown;
  Time since{};                  ///< since when `seen.state` is what it is
  Time progress_at{};            ///< when a pending service last moved its checkpoint
  std::uint32_t process_id = 0;  ///< of the last look at it running
  bool stuck = false;            ///< this pending spell has been reported
  bool denied = false;           ///< the denial has been reported

  friend bool operator==(const TrackedService&, const TrackedService&) = default;
};

struct Transition {
  TransitionKind kind;
  ServiceState from;  ///< what alerts said before
  ServiceState to;
  std::string reason;  ///< one sentence for a person; empty where kind, from and to say it all
};

struct Decision {
  TrackedService next;
  std::optional<Transition> transition;
};

/// One service. `previous` is null at the first sight ever, which is a baseline and never an alert.
/// Pending states are no transitions until they settle; unknown changes nothing but `seen`.
[[nodiscard]] Decision decide(const TrackedService* previous, const ServiceStatus& seen,
                              const Policy& policy, Time now);

/// The states of one host's services, by name.
using TrackedServices = std::map<ServiceName, TrackedService>;

struct ServiceChange {
  ServiceName name;
  TrackedService next;
  bool forgotten =
      false;  ///< a pattern's service vanished, was reported, and is not tracked any more
  std::optional<Transition> transition;
};

/// One host: the changes (only these) that the observation brings. Services that the watchlist no
/// longer names are forgotten silently; a service found by a pattern that is gone from the list
/// vanishes once and is then forgotten.
[[nodiscard]] std::vector<ServiceChange> decide(const TrackedServices& previous,
                                                const Observation& observation,
                                                const Watchlist& watchlist);

}  // namespace tocsin
