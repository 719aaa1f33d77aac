// The watched hosts, which a reload may change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/progress.h"
#include "daemon/watch_gaps.h"
#include "daemon/watcher.h"
#include "net/event.h"
#include "net/task_scope.h"

namespace tocsin::daemon {

/// On the loop's thread only.
class Fleet {
 public:
  using Known = std::map<HostName, MonitoredHost::Known>;

  Fleet(const net::Executor& executor, Watcher::Deps deps);

  struct Changes {
    std::size_t come = 0;
    std::size_t gone = 0;
    std::size_t changed = 0;
  };
  /// Watches these hosts from now on. Who is new begins with what is `known`; who is not among them
  /// ends in its next pause, and so do its alerts.
  Changes set_hosts(const std::vector<config::Host>& hosts, Known known);
  /// Null: it is not watched.
  [[nodiscard]] const MonitoredHost* find(const HostName& host) const;
  [[nodiscard]] const Watcher* find_watcher(const HostName& host) const;
  /// By name, all that are not retired.
  void for_each(const std::function<void(const Watcher&)>& visit) const;
  /// False: it is not watched.
  bool check_soon(const HostName& host);
  /// Whether all of them are watched already, so that nothing need be known.
  [[nodiscard]] bool has_all(const std::vector<config::Host>& hosts) const;
  [[nodiscard]] std::size_t size() const { return watchers_.size(); }

  /// Waits until each host that is not retired has been checked once, but not longer than to the
  /// deadline. After set_hosts().
  net::awaitable<void> wait_for_first_checks(net::Deadline deadline);
  /// A host without a check is one that is not reached.
  [[nodiscard]] WatchGaps find_gaps() const;

  /// Checks, for heartbeats: of one host that hangs nothing is seen as long as others go on.
  [[nodiscard]] Work work() const;

  net::awaitable<void> stop();
  /// Logs off from all hosts, after stop(): each call a task of `scope`.
  void close(net::TaskScope& scope);

 private:
  net::awaitable<void> watch(HostName name);
  net::awaitable<void> look_up();
  void note_first_checks();
  /// While none of the hosts is reached: that it may be tocsin that is cut off.
  [[nodiscard]] std::string notice() const;

  std::shared_ptr<const Watcher::Deps> deps_;
  std::map<HostName, std::unique_ptr<Watcher>> watchers_;
  net::Event all_checked_;
  bool looks_up_ = false;
  net::TaskScope tasks_;
};

}  // namespace tocsin::daemon
