// The service clusters: each is monitored like a host that has no probe, by the states that its
// members have.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "config/monitored/cluster.h"
#include "daemon/acks.h"
#include "daemon/host_update.h"
#include "daemon/silences.h"
#include "daemon/status_hub.h"
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
    const Silences& silences;
    const Acks& acks;
    const StatusHub& status;
    /// Given a cluster whenever anything of it has changed; may be empty.
    std::function<void(const MonitoredHost&)> on_change;
  };
  Clusters(const net::Executor& executor, Deps deps) : deps_(std::move(deps)), updated_(executor) {}

  /// Null: there is none.
  [[nodiscard]] const MonitoredHost* find(const HostName& cluster) const;
  void for_each(const std::function<void(const MonitoredHost&)>& visit) const;
  /// Which there are from now on. Those that are new begin with what is `known`; the alerts of
  /// those that are gone end.
  void set_clusters(std::vector<config::Cluster> clusters, Known& known);
  [[nodiscard]] bool has_all(const std::vector<config::Cluster>& clusters) const;
  /// Takes what is known of a host now.
  void update(const MonitoredHost& host);
  /// Judges whenever a member was updated, and when a waiting alert is due, until it is cancelled.
  net::awaitable<void> run();

 private:
  /// A host that belongs to clusters.
  struct Member {
    std::map<ServiceName, std::optional<ServiceState>> services;  ///< nothing: not observed yet
    std::set<HostName> clusters;
  };
  struct Judged {
    config::Cluster cluster;
    MonitoredHost monitored;
    bool stale = true;  ///< a member was updated since
    Time due{};         ///< when a waiting alert may be notified, by the steady clock
  };

  [[nodiscard]] HostUpdate begin_update(const HostName& cluster) const {
    return {cluster, {deps_.journal, log_of(cluster), deps_.random}};
  }
  void retire_others(const std::set<HostName>& named);
  [[nodiscard]] PrefixedLog log_of(const HostName& cluster) const;
  [[nodiscard]] bool is_complete(const config::Cluster& cluster) const;
  [[nodiscard]] MonitoredHost::Outcome check(Judged& judged, Now now) const;
  [[nodiscard]] ClusterVerdict judge(const config::Cluster& cluster,
                                     const ServiceName& service) const;

  Deps deps_;
  std::map<HostName, Judged> clusters_;
  std::map<HostName, Member> members_;
  std::vector<HostUpdate> last_updates_;  ///< of clusters that are gone
  net::Event updated_;
};

}  // namespace tocsin::daemon
