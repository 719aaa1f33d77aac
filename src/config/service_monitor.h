// `serviceMonitor`: what is watched, how often, with which accounts, and the destinations of
// alerts.
#pragma once

#include "config/config.h"
#include "config/destinations/read_destinations.h"
#include "config/section/section.h"

namespace tocsin::config {

[[nodiscard]] AlertDestinations read_service_monitor(Section& section, Config& config);

}  // namespace tocsin::config
