// One way to check one host. A way is a folder here; the daemon picks it by `source`.
#pragma once

#include <vector>

#include "base/error.h"
#include "domain/service.h"
#include "domain/watch.h"
#include "net/async.h"

namespace tocsin::probe {

/// The pushed changes of a host, between checks or while one ran.
struct Pushed {
  std::vector<ObservedService> services;  ///< oldest first; without details
  bool check_again = false;               ///< something else changed: only a check can tell what
};

/// Keeps its session with the host open between checks. One call at a time. Every call ends by its
/// deadline; an error of the session (not of one service) closes it, and the next call begins anew.
/// Kinds: unreachable and timed_out (network), denied (logon or rights), malformed (a hostile or
/// broken server), unsupported (no common dialect, no encryption where it is demanded).
class Probe {
 public:
  virtual ~Probe() = default;

  /// The watched services, each exactly once, missing and denied ones included, in no special
  /// order; the copies of a per-user service as one, under its base name. Where the watchlist asks
  /// for more than key names, what it matches may have changed: who knows services from before is
  /// also brought some that are not watched (any more), or of which that is not decided yet. With
  /// their details Watchlist::find() and is_undecided() tell. Details of what a pattern found are
  /// never null, but a start mode may be unknown. A host that says that it is shutting down is
  /// unreachable (native 1115).
  virtual net::awaitable<Result<std::vector<ObservedService>>> check(net::Deadline deadline) = 0;
  /// Waits until there is something for take_pushed(), or until the deadline. A way that can only
  /// check just sleeps. Cancelling throws.
  virtual net::awaitable<void> listen(net::Deadline deadline) { return net::sleep_until(deadline); }
  /// What was pushed since the last call. Called right after check(): all of it is older than what
  /// the check answered.
  virtual Pushed take_pushed() { return {}; }
  /// The host's watchlist has changed: the next check finds what it names now, over the same
  /// session. False: this way cannot, and another probe must be made.
  virtual bool set_watchlist() { return false; }
  /// All services of the host with their details, for writing a configuration.
  virtual net::awaitable<Result<std::vector<ObservedService>>> list(net::Deadline deadline) = 0;
  /// Logs off in good order, as far as the deadline allows.
  virtual net::awaitable<void> close(net::Deadline deadline) = 0;
};

}  // namespace tocsin::probe
