// Services that must run on so many hosts of a group.
#pragma once

#include <vector>

#include "base/names.h"
#include "domain/cluster.h"
#include "domain/watch.h"

namespace tocsin::config {

/// Services that must run on so many of the hosts.
struct Cluster {
  HostName name;  ///< in place of a host's
  std::vector<HostName> hosts;
  Watchlist services;
  ClusterRule rule;
};

}  // namespace tocsin::config
