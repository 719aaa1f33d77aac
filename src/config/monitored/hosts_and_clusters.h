// What the name of a host may mean: a host or a cluster.
#pragma once

#include <string>
#include <vector>

#include "base/names.h"
#include "config/monitored/cluster.h"
#include "config/monitored/host.h"

namespace tocsin::config {

/// All of a configuration.
struct HostsAndClusters {
  const std::vector<Host>& hosts;
  const std::vector<Cluster>& clusters;
};

/// Whether one of them is called so; `pattern` with * and ?.
[[nodiscard]] bool is_known(const HostsAndClusters& known, const HostName& pattern);
/// "no host or cluster is called `sql`; did you mean `sql1`?"
[[nodiscard]] std::string no_such_host(const HostsAndClusters& known, const HostName& name);

}  // namespace tocsin::config
