// One way to check one host. A way is a folder here; the daemon picks it by `source`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "domain/boot.h"
#include "domain/service.h"
#include "domain/watch.h"
#include "net/async.h"
#include "net/pause.h"
#include "probe/diagnosis.h"

namespace tocsin::probe {

/// The pushed changes of a host, between checks or while one ran.
struct Pushed {
  std::vector<ObservedService> services;  ///< oldest first; without details
  bool check_again = false;               ///< something else changed: only a check can tell what
};

/// How a check went about it, for whoever looks for a fault; what became of it is its answer.
struct CheckTrace {
  enum class Session : std::uint8_t { none, kept, opened };
  Session session = Session::none;
  /// What a session that was opened has agreed on: "SMB 3.1.1, encrypted, NTLM".
  std::string connection{};
  std::string notice{};   ///< what people should know of the way to the host, said once
  std::string dropped{};  ///< why a kept session was given up; empty: it was not
  std::optional<std::size_t> listed{};  ///< services in the host's list, where that was read
  std::size_t asked = 0;                ///< services asked for by name
  std::size_t details = 0;              ///< services whose details were read since
  std::string no_push{};                ///< why the host does not tell of changes; empty: it does
  std::string closed_after{};           ///< why the session was closed since; empty: it stays
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
  /// their details Watchlist::find() and is_undecided() tell. They have the details that are known:
  /// none are read. Those of what a pattern found are never null, but a start mode may be unknown.
  /// A host that says that it is shutting down is unreachable (native 1115).
  virtual net::awaitable<Result<std::vector<ObservedService>>> check(net::Deadline deadline) = 0;
  /// The same for whoever has kept what the last check brought. Nothing: this one brings the same,
  /// boot_signs() and details included, and nothing was pushed since.
  virtual net::awaitable<Result<std::optional<std::vector<ObservedService>>>> recheck(
      net::Deadline deadline) {
    auto seen = co_await check(deadline);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    co_return *std::move(seen);
  }
  /// Before all else: what was known of the services before this probe was made, with the states
  /// that their details were read in. Those of a service that is as it was are not due.
  virtual void recall(std::span<const ObservedService> /*known*/) {}
  /// The services of the last check whose details should be read: never read, not in the last six
  /// hours, or of a service that has changed since; those first that have waited longest.
  [[nodiscard]] virtual std::vector<ServiceName> due_details() const { return {}; }
  /// Reads the details of these services, one after the other, as far as the time allows, and
  /// answers what it has learned; later checks have it too. What is asked here is optional: a
  /// question that is not answered within a second is not asked again for an hour. Error:
  /// unreachable (1115), the host is shutting down.
  virtual net::awaitable<Result<KnownDetails>> read_details(std::vector<ServiceName> /*services*/,
                                                            net::Deadline /*deadline*/) {
    co_return KnownDetails{};
  }
  /// What the last check that succeeded observed besides; empty where the host does not tell, or
  /// where nothing hints at a boot and the answer costs a question of its own.
  [[nodiscard]] virtual BootSigns boot_signs() const { return {}; }
  /// Of the last check that has ended, whether it has succeeded or not.
  [[nodiscard]] virtual CheckTrace last_check() const { return {}; }
  /// Waits until there is something for take_pushed(), or until the deadline. A way that can only
  /// check just sleeps. Cancelling throws.
  virtual net::awaitable<void> listen(net::Deadline deadline) {
    return pause_.wait_until(deadline);
  }
  /// Ends a listen() that is under way, whether it waits yet or not.
  virtual void stop_listening() { pause_.end(); }
  /// What was pushed since the last call. Called right after check(): all of it is older than what
  /// the check answered.
  virtual Pushed take_pushed() { return {}; }
  /// For less than a check: whether the host is there, and would have told of every change of what
  /// it is watched for. False: only a check can tell.
  virtual net::awaitable<bool> has_pulse(net::Deadline /*deadline*/) { co_return false; }
  /// Renews what the session lives by before it is old, after a check and where there was none.
  virtual net::awaitable<void> stay_logged_in(net::Deadline /*deadline*/) { co_return; }
  /// The host's watchlist has changed: the next check finds what it names now, over the same
  /// session. False: this way cannot, and another probe must be made.
  virtual bool set_watchlist() { return false; }
  /// All services of the host with their details, for writing a configuration.
  virtual net::awaitable<Result<std::vector<ObservedService>>> list(net::Deadline deadline) = 0;
  /// Walks the way to the services, over a session of its own, and says what works.
  virtual net::awaitable<Diagnosis> diagnose(net::Deadline deadline);
  /// Logs off in good order, as far as the deadline allows.
  virtual net::awaitable<void> close(net::Deadline deadline) = 0;

 private:
  net::Pause pause_;
};

}  // namespace tocsin::probe
