// The clusters: each is told like a host, of which nobody asks, but which is seen through its
// members.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "config/config.h"
#include "daemon/host_update.h"
#include "domain/cluster.h"
#include "domain/monitored_host.h"
#include "net/event.h"
#include "notify/status.h"

namespace tocsin::daemon {

/// On the loop's thread only.
class Clusters {
 public:
  using Known = std::map<HostName, MonitoredHost::Known>;
  /// What outlives it.
  struct Deps {
    Journal& journal;
    const Clock& clock;
    const Log& log;
    RandomFill random;
    /// As in Watcher::Rooms.
    std::function<std::optional<Suppression>(const HostName&, const ServiceName&, Time)> silence;
    /// Takes what a cluster is now for the status stream; empty: nobody wants it.
    std::function<void(const notify::StatusReport&)> report;
  };
  Clusters(const net::Executor& executor, Deps deps) : deps_(std::move(deps)), seen_(executor) {}

  /// Which there are from now on. Who is new begins with what is `known`.
  void set_clusters(std::vector<config::Cluster> clusters, Known& known);
  [[nodiscard]] bool has_all(const std::vector<config::Cluster>& clusters) const;
  /// What is known of a host now.
  void update(const MonitoredHost& host);
  /// Judges whenever a member was seen, and when time alone brings news, until it is cancelled.
  net::awaitable<void> run();

 private:
  /// A host that belongs to clusters.
  struct Member {
    std::map<ServiceName, std::optional<ServiceState>> services;  ///< nothing: not seen yet
    std::set<HostName> clusters;
  };
  struct Judged {
    config::Cluster cluster;
    MonitoredHost monitored;
    bool stale = true;  ///< a member was seen since
    Time due{};         ///< when time alone may bring news
  };

  [[nodiscard]] bool is_complete(const config::Cluster& cluster) const;
  [[nodiscard]] MonitoredHost::Outcome check(Judged& judged, Time now) const;
  [[nodiscard]] ClusterVerdict judge(const config::Cluster& cluster,
                                     const ServiceName& service) const;

  Deps deps_;
  std::map<HostName, Judged> clusters_;
  std::map<HostName, Member> members_;
  net::Event seen_;
};

}  // namespace tocsin::daemon
