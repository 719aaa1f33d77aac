// `serviceMonitor.clusters`: services that must run on so many hosts of a group.
#pragma once

#include <vector>

#include "config/monitored/cluster.h"
#include "config/monitored/host.h"
#include "config/monitored/policy_part.h"
#include "config/section/section.h"

namespace tocsin::config {

/// Reads all clusters of the hosts, and sees to it that these watch the services. `defaults` are
/// the rules where a cluster says no others.
[[nodiscard]] std::vector<Cluster> read_clusters(Section& section, const PolicySection& defaults,
                                                 std::vector<Host>& hosts);

}  // namespace tocsin::config
