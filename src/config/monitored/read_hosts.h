// `serviceMonitor.monitor`: the hosts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/monitored/watchlists.h"
#include "config/section/section.h"

namespace tocsin::config {

/// What all hosts share.
struct HostDefaults {
  Watchlists& watchlists;
  const HostPolicy& policy;
  /// The names of all accounts as they are written; entries with mistakes have theirs too.
  const std::vector<std::string>& accounts;
};

/// Reads all entries into `config.hosts`, in the order of their names. Answers the place of the
/// key.
std::optional<Place> read_hosts(Section& section, const HostDefaults& defaults, Config& config);

}  // namespace tocsin::config
