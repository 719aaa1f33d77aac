// `serviceMonitor.clusters`: services that must run on so many hosts of a group.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/monitored/policy_part.h"
#include "config/section/section.h"

namespace tocsin::config {

/// Reads all of `config.clusters`, after the hosts, and sees to it that their hosts watch the
/// services. `defaults` are the rules where a cluster says no others.
void read_clusters(Section& section, const PolicySection& defaults, Config& config);

}  // namespace tocsin::config
