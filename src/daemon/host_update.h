// What one host brings at a time, on its way to the journal: alerts get their ids and a line in the
// log, and all of it becomes durable together.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "domain/monitored_host.h"
#include "net/async.h"
#include "store/store.h"

namespace tocsin::daemon {

class HostUpdate {
 public:
  /// What outlives it, and the log of its host.
  struct Deps {
    Journal& journal;
    PrefixedLog log;
    const RandomFill& random;
  };
  HostUpdate(HostName host, Deps deps) : host_(std::move(host)), deps_(std::move(deps)) {}

  /// `of` is the host as it is afterwards.
  void add(MonitoredHost::Outcome outcome, const TrackedHost& of);
  /// Returns when it is stored, or could not be, and its deliveries are on their way.
  net::awaitable<void> write();

 private:
  void log(const Alert& alert) const;
  void log_quiet(std::span<const ServiceChange> changes) const;

  HostName host_;
  Deps deps_;
  std::vector<store::StateChange> states_;
  std::optional<store::HostChange> changed_;
  std::vector<Alert> alerts_;
};

}  // namespace tocsin::daemon
