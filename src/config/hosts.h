// `serviceMonitor.monitor`: the hosts.
#pragma once

#include <optional>

#include "config/config.h"
#include "config/section.h"
#include "config/watchlists.h"

namespace tocsin::config {

/// Reads all entries into `config.hosts`, in the order of their names. Answers the place of the
/// key.
std::optional<Place> read_hosts(Section& section, Watchlists& watchlists, const HostPolicy& policy,
                                Config& config);

}  // namespace tocsin::config
