// One host's task: when to check, check, decide, record.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "config/monitored/host.h"
#include "daemon/acks.h"
#include "daemon/host_update.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/silences.h"
#include "daemon/status_hub.h"
#include "domain/monitored_host.h"
#include "net/async.h"
#include "net/pause.h"
#include "net/semaphore.h"
#include "notify/status.h"
#include "probe/probe.h"

namespace tocsin::daemon {

class Watcher {
 public:
  /// What the tasks of all hosts share.
  struct Deps {
    Journal& journal;
    net::Semaphore& checks;   ///< how many hosts are asked at the same time
    net::Semaphore& details;  ///< how many of them for details
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    RandomFill random;
    const Silences& silences;
    const Acks& acks;
    const StatusHub& status;
    /// Asks the host, which outlives it.
    std::function<std::unique_ptr<probe::Probe>(const config::Host&)> make_probe;
    /// Given what is known of a host after each check and pushed change; may be empty.
    std::function<void(const MonitoredHost&)> on_update;
    /// Given a host after its first check, and whenever anything of it has changed; may be empty.
    std::function<void(const MonitoredHost&, bool checked)> on_change;
    /// Called after the first check of each host; may be empty.
    std::function<void()> on_first_check;
    /// Given the name of a host that is not watched any more; may be empty.
    std::function<void(const HostName&)> on_gone;
    /// What a message about a host that is not reached says before all else; may be empty.
    std::function<std::string()> notice;
    /// What was done to get a service running again; may be empty.
    std::function<const RecoveryState*(const HostName&, const ServiceName&)> recovery = {};
  };
  /// `known` is what the store remembers.
  Watcher(config::Host host, MonitoredHost::Known known, std::shared_ptr<const Deps> deps);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Checks at once, then at the schedule's times (shifted by a few seconds that are the host's
  /// own, so that not all hosts are asked in the same instant), until it is cancelled or retired.
  net::awaitable<void> run();
  /// Another configuration of the same host, which holds from the next pause between checks on, and
  /// begins with a check. What is known stays known, and so does the session where the way to the
  /// host is the same. Answers whether anything differs; else nothing happens.
  bool reconfigure(config::Host host);
  /// Lets run() end in its next pause.
  void retire();
  /// Lets the next check begin now, if it waits for its time.
  void check_soon();
  /// To be called every few seconds: ends a pause that is to be shorter by now, since somebody has
  /// set the clock or ended a silence.
  void look_up();
  [[nodiscard]] bool is_retired() const { return retired_; }
  /// Whether the network let the host be reached the last time; as long as it was not tried, it
  /// counts as reached, and so does one that refuses.
  [[nodiscard]] bool is_reached() const {
    return last_error_ != ErrorKind::unreachable && last_error_ != ErrorKind::timed_out;
  }
  /// Whether the host itself has answered or failed the last check in this run.
  [[nodiscard]] bool is_checked() const { return checked_ && last_error_ != ErrorKind::exhausted; }
  /// Whether it checks the host, or should: no pause that lasts keeps it from that.
  [[nodiscard]] bool is_busy() const { return !waits_ || deps_->clock.now() >= waits_->due; }
  /// How many checks, and signs of life in their place, have ended in this run.
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }
  /// One check from beginning to end, what the host has pushed up to then included.
  net::awaitable<void> check();
  /// Logs off from the host; after run() has ended.
  net::awaitable<void> close();
  /// After that: forgets all that is known of the host, and ends its alerts. Returns when that is
  /// stored.
  net::awaitable<void> forget();
  [[nodiscard]] const MonitoredHost& monitored() const { return monitored_; }
  [[nodiscard]] const config::Host& host() const { return host_; }
  /// As the configuration has it, also where a pause that has not come yet makes it hold.
  [[nodiscard]] const config::Host& configured() const { return next_ ? *next_ : host_; }
  /// The last check that the host itself has answered or failed, or sign of life.
  struct LastCheck {
    Time at{};
    std::chrono::duration<double> took{};
  };
  /// Nothing: there was none in this run.
  [[nodiscard]] const std::optional<LastCheck>& last_check() const { return last_check_; }

 private:
  /// Becomes what it is to become.
  net::awaitable<void> take_over();
  /// Reads first what the alerts that follow from the observation need to know, for a moment.
  net::awaitable<void> complete(Observation& observation);
  /// A place in line to read details that are due; null: none are.
  [[nodiscard]] std::unique_ptr<net::Semaphore::Turn> line_up_for_details();
  /// Reads some of them. False: there is nothing more to read before the next check.
  net::awaitable<bool> read_details();
  /// In place of a check, where the host tells of changes and nothing waits for one: whether it is
  /// there. False: a check must tell.
  net::awaitable<bool> feel_pulse();
  [[nodiscard]] bool may_skip_check() const;
  [[nodiscard]] std::unique_ptr<probe::Probe> make_probe() const;
  /// Nothing: as the last check's, which need not be applied.
  using Answer = std::optional<std::vector<ObservedService>>;
  /// Asks the probe.
  net::awaitable<Result<Answer>> observe();
  net::awaitable<Result<Answer>> ask(net::Deadline deadline);
  /// A check that brought what the last one did.
  void note_same(net::MonotonicClock::duration took);
  /// Whether a dropped connection may be all that has failed.
  [[nodiscard]] bool may_be_dropped(const Error& error, net::MonotonicClock::duration took) const;
  void add(MonitoredHost::Outcome outcome, HostUpdate& update) const;
  /// The next of the host's own times.
  [[nodiscard]] Time next_due() const;
  // A host waits nearly all of the time, and there are thousands: what is needed at the end of a
  // wait alone has a coroutine of its own.
  /// Records what is pushed meanwhile; ends early when a check is called for.
  net::awaitable<void> listen_until(Time due);
  /// After a pause: what was pushed in it, and what time alone has changed if it has lasted so
  /// long.
  net::awaitable<void> record_pause(Now begun, Duration review);
  /// 0: it is due.
  [[nodiscard]] Duration until_review(Now now) const;
  void end_pause();
  void say_change() const;
  [[nodiscard]] HostUpdate begin_update() const {
    return {host_.name, {deps_->journal, log_, deps_->random}};
  }
  /// True when a check is called for.
  bool take_pushed(HostUpdate& update);
  void say_notice() const;
  /// Null: it was reached.
  void log_unreached(const Error* error);
  /// After the first check that a watchlist's host has answered.
  void log_idle_patterns();
  /// Once, where further services are not watched.
  void log_limit();
  /// Whether those of any service were never read.
  [[nodiscard]] bool lacks_details() const;
  /// Everything that is known after a check.
  void report_all(Time at) const;
  /// What has waited for details.
  void report_unreported();
  void report(std::span<const ObservedService> pushed, Time at) const;
  [[nodiscard]] notify::ServiceReport report_of(const KnownService& service) const;

  config::Host host_;
  std::shared_ptr<const Deps> deps_;  ///< of all hosts
  PrefixedLog log_;
  std::unique_ptr<config::Host> next_;  ///< what it is to become; null: what it is
  bool retired_ = false;
  bool checked_ = false;  ///< in this run
  Metrics::Host& metrics_;
  MonitoredHost monitored_;
  std::unique_ptr<probe::Probe> probe_;
  std::optional<ErrorKind> last_error_;  ///< why the host was not reached the last time
  bool new_list_ = true;                 ///< no check has tried the watchlist yet
  bool is_full_ = false;                 ///< and the log says so
  unsigned skipped_ = 0;                 ///< checks left out since the last one
  bool check_soon_ = false;              ///< somebody wants one now
  std::optional<LastCheck> last_check_;
  std::uint64_t rounds_ = 0;
  bool check_again_ = false;        ///< something was pushed that only a check explains
  std::optional<Time> unreported_;  ///< when the states were observed that no sink has yet
  net::Pause pause_;                ///< of a host that is not listened to
  /// In a pause: what it waits for, and how long.
  struct Waits {
    Time since{};
    Time due{};
    net::Deadline until{};
  };
  std::optional<Waits> waits_;
};

}  // namespace tocsin::daemon
