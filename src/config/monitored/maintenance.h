// `serviceMonitor.maintenance`: windows that suppress notifications.
#pragma once

#include <string>
#include <vector>

#include "base/names.h"
#include "domain/silence.h"
#include "schedule/window.h"

namespace tocsin::config {

class Section;
struct HostsAndClusters;

struct Maintenance {
  std::string name;
  std::vector<SilenceScope> scopes;  ///< whom it holds for
  Window window;
  std::string reason;  ///< may be empty
};

/// `zone` is that of schedules which say no other.
[[nodiscard]] std::vector<Maintenance> read_maintenance(Section& section, const TimeZone& zone,
                                                        const HostsAndClusters& known);

}  // namespace tocsin::config
