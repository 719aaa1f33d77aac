// What the store knows and the configuration no longer names, because it changed while tocsin was
// not running.
#pragma once

#include <map>
#include <vector>

#include "base/random.h"
#include "config/monitored/cluster.h"
#include "config/monitored/host.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "domain/monitored_host.h"

namespace tocsin::daemon {

using KnownHosts = std::map<HostName, MonitoredHost::Known>;

/// Takes out of `known` what is neither among the hosts nor among the clusters.
[[nodiscard]] KnownHosts take_unmonitored(KnownHosts& known, const std::vector<config::Host>& hosts,
                                          const std::vector<config::Cluster>& clusters);

/// Ends the alerts of these hosts and clusters, and removes their rows; returns when that is
/// stored.
net::awaitable<void> end_unmonitored(KnownHosts hosts, Journal& journal, const Clock& clock,
                                     const Log& log, const RandomFill& random);

}  // namespace tocsin::daemon
