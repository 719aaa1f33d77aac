// Gets services running again by `policy.recovery`: waits until an attempt is due, makes it, and
// keeps what became of it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/watcher.h"
#include "domain/recovery.h"
#include "net/async.h"
#include "net/event.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "probe/control.h"
#include "store/recoveries.h"

namespace tocsin::daemon {

/// On the loop's thread only. One attempt at a time on each host, and eight at all. Each is counted
/// in the store before it is made: no crash, and no disk that takes nothing, adds one.
class Recovery {
 public:
  /// What outlives it.
  struct Deps {
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    store::Recoveries& stored;
    net::Worker& worker;  ///< the store's one thread
    /// Null: the host is not watched.
    std::function<const Watcher*(const HostName&)> find_watcher;
    std::function<void(const HostName&)> check_soon;
    /// Of a host that outlives it.
    std::function<std::unique_ptr<probe::Control>(const config::Host&)> make_control;
    /// Whether a person has a service started or stopped there now.
    std::function<bool(const HostName&)> is_controlling;
    /// Called when the history has one more action; may be empty.
    std::function<void()> on_action = {};
  };
  /// `known` is what the store remembers.
  Recovery(const net::Executor& executor, Deps deps,
           const std::vector<store::StoredRecovery>& known);

  /// What was done about the service; null: nothing.
  [[nodiscard]] const RecoveryState* find(const HostName& host, const ServiceName& service) const;
  /// To be called after each check, whenever anything of the host has changed, and every few
  /// seconds, since a silence may have ended.
  void note(const MonitoredHost& host);
  /// It is not watched any more. An attempt that is under way there ends by itself.
  void forget(const HostName& host);

  /// Makes the attempts that are due, until it is cancelled.
  net::awaitable<void> run();
  /// After that: lets what is done to hosts now end, and abandons at the deadline what has not. It
  /// counts.
  net::awaitable<void> stop(net::Deadline deadline);
  /// Whether a service is being started there now.
  [[nodiscard]] bool is_recovering(const HostName& host) const { return acted_on_.contains(host); }
  [[nodiscard]] bool is_recovering() const { return !acted_on_.empty(); }

 private:
  using Subject = std::pair<HostName, ServiceName>;
  class Attempt;

  /// Begins what is due on the host, and forgets what is long over. Answers when it is to be
  /// called again.
  net::Deadline look(const HostName& name);
  void forget_those_that_run(const Watcher& watcher, net::Deadline& next);
  net::awaitable<void> attempt(HostName host, ServiceName service);
  /// What an attempt is about, as it is known now; null: none is due any more.
  struct Due {
    config::Host host;
    RecoveryPolicy policy;
    ServiceName service;  ///< as it is spelled for people
  };
  [[nodiscard]] std::unique_ptr<Due> find_due(const Subject& subject) const;
  /// Whether nobody has stopped it on purpose, or does something on the host now. Who has started
  /// it meanwhile gives it all attempts again.
  net::awaitable<bool> is_left_to_us(const Subject& subject);
  /// Waits until a check has ended that follows, but not for long.
  net::awaitable<bool> check_again(const HostName& host);
  net::awaitable<void> make(const Subject& subject, const Due& due);
  net::awaitable<bool> save(const Subject& subject, const Action* did);
  net::awaitable<void> forget_stored(HostName host);
  net::awaitable<void> begin();
  void put_off(const Subject& subject);
  [[nodiscard]] PrefixedLog log_of(const HostName& host) const;
  void say(const Subject& subject, const std::string& why);

  Deps deps_;
  std::map<HostName, std::map<ServiceName, RecoveryState>> states_;
  std::set<HostName> to_look_at_;
  std::map<HostName, net::Deadline> next_;  ///< when to look at a host again, if nothing changes
  std::set<HostName> busy_;                 ///< an attempt is under way
  std::set<HostName> acted_on_;             ///< of those: after the last check
  std::set<HostName> in_line_;              ///< one is due
  std::map<Subject, net::Deadline> put_off_;
  std::map<Subject, std::string> said_;  ///< why none is made, in the log
  bool stopping_ = false;
  net::Event work_;
  net::TaskScope attempts_;
};

}  // namespace tocsin::daemon
