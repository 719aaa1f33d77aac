// `serviceMonitor.monitor`: the hosts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/monitored/host.h"
#include "config/monitored/read_credentials.h"
#include "config/monitored/watchlists.h"
#include "config/section/section.h"

namespace tocsin::config {

/// What `checkEveryNth` may be.
inline constexpr Range kTimesPerCheck{1, 1000};

/// What all hosts share.
struct HostDefaults {
  const Schedule& frequency;
  unsigned check_every_nth;
  const HostAccounts& accounts;
  Watchlists& watchlists;
  const HostPolicy& policy;
  const std::optional<HostControl>& control;
};

/// Reads all entries into `hosts`, in the order of their names. Answers the place of the key.
std::optional<Place> read_hosts(Section& section, const HostDefaults& defaults,
                                std::vector<Host>& hosts);

}  // namespace tocsin::config
