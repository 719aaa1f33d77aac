// One host's task: when to look, look, decide, record.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/random.h"
#include "config/config.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "domain/monitored_host.h"
#include "net/async.h"
#include "net/semaphore.h"
#include "notify/status.h"
#include "probe/probe.h"

namespace tocsin::daemon {

class Watcher {
 public:
  /// What the tasks of all hosts share.
  struct Rooms {
    Journal& journal;
    net::Semaphore& checks;  ///< how many hosts are asked at the same time
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    RandomFill random;
    /// The status stream; empty: nobody wants it.
    std::function<void(const notify::StatusReport&)> report;
    /// What silences services of hosts; empty: nothing does.
    std::function<std::optional<Hold>(const HostName&, const ServiceName&, Time)> silence;
  };
  /// `host` must outlive it; `known` is what the store remembers.
  Watcher(const config::Host& host, std::unique_ptr<probe::Probe> probe, MonitoredHost::Known known,
          Rooms rooms);

  /// Checks at once, then at the schedule's times (shifted by a few seconds that are the host's
  /// own, so that not all hosts are asked in the same instant), until it is cancelled.
  net::awaitable<void> run();
  /// One check from beginning to end, what the host said by itself up to then included.
  net::awaitable<void> check();
  /// Logs off from the host; after run() has ended.
  net::awaitable<void> close(net::Deadline deadline);

 private:
  /// Records what is heard meanwhile; ends early when a check is called for.
  net::awaitable<void> listen_until_due();
  net::awaitable<void> listen_until(Time due);
  /// What is to be recorded together.
  struct News {
    std::vector<store::StateChange> states;
    std::optional<store::HostChange> host;
    std::vector<Alert> alerts;
  };
  /// True when a check is called for.
  bool take_heard(News& news);
  void take(MonitoredHost::Outcome outcome, News& news);
  void log(const Alert& alert) const;
  net::awaitable<void> record(News news);
  void log_trouble(const Observation& observation);
  /// Everything that is known after a check.
  void report_all(Time at) const;
  void report(std::span<const ObservedService> heard, Time at) const;
  [[nodiscard]] notify::ServiceReport report_of(const ServiceName& service,
                                                const TrackedService& tracked) const;

  const config::Host& host_;
  std::unique_ptr<probe::Probe> probe_;
  MonitoredHost monitored_;
  std::optional<Kind> trouble_;  ///< why the host was not reached the last time
  Rooms rooms_;
};

}  // namespace tocsin::daemon
