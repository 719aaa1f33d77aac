// `serviceMonitor.maintenance`: windows that suppress notifications.
#pragma once

#include <string>
#include <vector>

#include "base/names.h"
#include "domain/silence.h"
#include "schedule/window.h"

namespace tocsin::config {

struct Config;
class Section;

struct Maintenance {
  std::string name;
  std::vector<SilenceScope> scopes;  ///< whom it holds for
  Window window;
  std::string reason;  ///< may be empty
};

/// Reads `config.maintenance`, after the hosts and the clusters; `zone` is that of schedules which
/// say no other.
void read_maintenance(Section& section, const TimeZone& zone, Config& config);

}  // namespace tocsin::config
