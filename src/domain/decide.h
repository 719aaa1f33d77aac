// The decision: what was known, what was seen, what follows from it. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
/// The inverse; nothing for a word that names no kind.
[[nodiscard]] std::optional<TransitionKind> parse_transition_kind(std::string_view text);

/// What is remembered about a service between two looks, and stored.
struct TrackedService {
  ServiceStatus seen;  ///< the last look; state unknown while the host is not reached
  /// The state that alerts are compared with: never pending or denied. A service first seen on its
  /// way is taken to come from where that way begins; one that was denied or unknown from the first
  /// look on has none (unknown) until it is seen.
  ServiceState settled = ServiceState::unknown;
  Time settled_since{};          ///< since when
  Time since{};                  ///< since when `seen.state` is what it is
  Time progress_at{};            ///< when a pending service last changed state or checkpoint
  std::uint32_t process_id = 0;  ///< the last one known of a service that is settled as running
  bool stuck = false;            ///< reported as stuck, and not settled since
  bool denied = false;           ///< reported (or found at first sight), and not settled since

  friend bool operator==(const TrackedService&, const TrackedService&) = default;
};

struct Transition {
  TransitionKind kind;
  ServiceState from;  ///< what alerts said before
  Time from_since{};  ///< since when
  ServiceState to;
  std::string reason;  ///< one sentence for a person; empty where kind, from and to say it all
};

struct Decision {
  TrackedService next;
  std::optional<Transition> transition;
};

/// One service. `previous` is null at the first sight ever, which is a baseline and never an alert.
/// Pending states are no transitions until they settle; unknown changes nothing but `seen.state`
/// and `since`. What was told of a service as stuck or denied is always followed by one more
/// transition when it settles, even where it settles as what it was.
[[nodiscard]] Decision decide(const TrackedService* previous, const ServiceStatus& seen,
                              const Policy& policy, Time now);

/// The states of one host's services, by name.
using TrackedServices = std::map<ServiceName, TrackedService>;

struct ServiceChange {
  ServiceName name;
  TrackedService next;
  bool forgotten = false;  ///< not tracked any more
  std::optional<Transition> transition;
};

/// One host: the changes (only these) that the observation brings, by name. Services that the
/// watchlist no longer names are forgotten silently; a service found by a pattern that is gone from
/// the list vanishes once and is then forgotten. An exact name that the observation lacks was not
/// seen (unknown); of a name that it brings twice the first counts.
[[nodiscard]] std::vector<ServiceChange> decide(const TrackedServices& previous,
                                                const Observation& observation,
                                                const Watchlist& watchlist);

/// One service that the host spoke of by itself, if that changes anything; of the others nothing is
/// known by it.
[[nodiscard]] std::optional<ServiceChange> decide(const TrackedServices& previous,
                                                  const ObservedService& heard,
                                                  const Watchlist& watchlist, Time now);

}  // namespace tocsin
