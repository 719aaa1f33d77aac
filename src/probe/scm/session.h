// One host through its service manager: what a check does, in order, on a thread that may hang.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/async.h"
#include "probe/absent_services.h"
#include "probe/details_cache.h"
#include "probe/probe.h"
#include "probe/scm/system.h"
#include "probe/selection.h"

namespace tocsin::probe::scm {

using Services = std::vector<ObservedService>;

/// Reads details, one service at a time, through a manager of its own: one that hangs takes no
/// check with it. Owns all that it touches, as Session does.
class DetailsReader {
 public:
  DetailsReader(std::shared_ptr<System> system, std::string machine)
      : system_(std::move(system)), machine_(std::move(machine)) {}

  Win32Result<ServiceDetails> read(const std::string& service);

 private:
  const std::shared_ptr<System> system_;
  const std::string machine_;
  std::unique_ptr<Manager> manager_;
};

/// The machine's name for Win32: empty where `address` means the machine that the program runs on:
/// `localhost`, `.`, a loopback address, or one of its own names.
[[nodiscard]] std::string machine_of(const std::string& address,
                                     const std::vector<std::string>& own_names);

/// A process that is gone is a service that stopped, even where the manager has not noticed (as
/// under Wine): STOPPED with the exit code that Windows gives then, 1067.
[[nodiscard]] ServiceStatus without_ghosts(ServiceStatus status,
                                           const std::unordered_set<std::uint32_t>& processes);

/// Keeps the manager open between checks. Owns all that it touches, since a check that hangs may
/// outlive the probe. One call at a time, from any thread.
class Session {
 public:
  struct Host {
    HostName name;
    std::string machine;  ///< as machine_of() answers
    Watchlist watchlist;
  };
  Session(std::shared_ptr<System> system, Host host, const DetailsLimits& limits);

  /// What Probe::check() answers: one call for the list, a few for what it lacks.
  Result<Services> check(Time now);
  /// What Probe::list() answers.
  Result<Services> list();

  /// These are for when no call runs. As Probe::recall() and due_details().
  void recall(std::span<const ObservedService> known, Time now) { details_.recall(known, now); }
  [[nodiscard]] std::vector<ServiceName> due_details(Time now) const { return details_.due(now); }
  /// The service whose details stand for this one's: of a per-user service one copy's.
  [[nodiscard]] const ServiceName& source_of_details(const ServiceName& name) const;
  /// As DetailsCache::answer().
  std::shared_ptr<const ServiceDetails> learn(const ServiceName& name,
                                              std::optional<ServiceDetails> details, Time now) {
    return details_.answer(name, std::move(details), now);
  }
  /// This and the next: of the last check.
  [[nodiscard]] const BootSigns& boot_signs() const { return boot_; }
  [[nodiscard]] const CheckTrace& last_check() const { return trace_; }

 private:
  Result<std::vector<ListedService>> enumerate();
  /// A check of a host that is not going down.
  Result<Services> check_once(Time now);
  Services select_watched(const std::vector<ListedService>& list);
  Result<> add_absent(Services& services, Time now);
  Result<> bury_ghosts(Services& services) const;

  const std::shared_ptr<System> system_;
  const std::string machine_;
  const Watchlist watchlist_;
  std::unique_ptr<Manager> manager_;
  DetailsCache details_;
  std::unordered_map<ServiceName, ServiceName> copies_;  ///< of the last list, as in Selection
  AbsentServices absent_{std::chrono::milliseconds(0)};  ///< asked for by each check
  Names seen_;                     ///< by the last check, missing ones left out
  std::optional<Names> reported_;  ///< only where the watchlist needs details
  BootSigns boot_;
  CheckTrace trace_;
};

}  // namespace tocsin::probe::scm
