// One host's task: when to look, look, decide, record.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/random.h"
#include "config/config.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "domain/decide.h"
#include "net/async.h"
#include "net/semaphore.h"
#include "notify/status.h"
#include "probe/probe.h"
#include "schedule/schedule.h"

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
  };
  /// `host` and `schedule` must outlive it; `known` is what the store remembers.
  Watcher(const config::Host& host, const Schedule& schedule, std::unique_ptr<probe::Probe> probe,
          TrackedServices known, Rooms rooms);

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
    std::vector<Alert> alerts;
  };
  /// True when a check is called for.
  bool take_heard(News& news);
  void take(ServiceChange change, Time at, News& news);
  net::awaitable<void> record(News news);
  /// What changed about the host itself since the last look, as an alert for the history.
  std::optional<Alert> host_change(const Observation& observation);
  Alert make_alert(const ServiceChange& change, const Transition& transition, Time at);
  /// The name for people, as the watchlist spells it where it does, and what it calls the service.
  [[nodiscard]] std::pair<ServiceName, std::string> names_of(const ServiceName& service) const;
  /// Everything that is known after a check.
  void report_all(Time at) const;
  void report(std::span<const ObservedService> heard, Time at) const;
  [[nodiscard]] notify::ServiceReport report_of(const ServiceName& service,
                                                const TrackedService& tracked) const;

  const config::Host& host_;
  const Schedule& schedule_;
  std::unique_ptr<probe::Probe> probe_;
  TrackedServices known_;
  std::map<ServiceName, std::shared_ptr<const ServiceDetails>> details_;
  std::optional<Kind> trouble_;  ///< why the host was not reached the last time
  Time trouble_since_{};
  Rooms rooms_;
};

}  // namespace tocsin::daemon
