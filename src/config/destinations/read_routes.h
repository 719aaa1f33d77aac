// `serviceMonitor.routes`.
#pragma once

#include <string>
#include <vector>

#include "config/destinations/catalogue.h"
#include "config/destinations/routes.h"
#include "config/monitored/hosts_and_clusters.h"
#include "config/section/section.h"

namespace tocsin::config {

/// `sets` are the names of all service sets. Answers the names of destinations.
[[nodiscard]] std::vector<PlacedText> read_routes(Section& section,
                                                  const std::vector<std::string>& sets,
                                                  const HostsAndClusters& known,
                                                  std::vector<Route>& routes);
/// Says which of these names mean nobody, when all destinations are known.
void check_routes(Section& root, const std::vector<PlacedText>& names,
                  const Destinations& destinations, std::vector<Route>& routes);

}  // namespace tocsin::config
