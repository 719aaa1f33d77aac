// The sections of all destinations, and the switches in `serviceMonitor.alertDestination`.
#pragma once

#include <array>
#include <tuple>
#include <vector>

#include "config/destinations/catalogue.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_proxy.h"
#include "config/section/section.h"

namespace tocsin::config {

/// What a switch of `serviceMonitor.alertDestination` says.
struct Wanted {
  bool on = false;
  Place place{};
};

/// What `serviceMonitor` says of destinations.
struct AlertDestinations {
  std::array<Wanted, std::tuple_size_v<Destinations>> wanted;  ///< in the catalogue's order
  std::vector<PlacedText> of_routes;                           ///< the names that `routes` use
  Grouping grouping;  ///< of destinations for people that say nothing else

  [[nodiscard]] bool any() const;
};

/// `serviceMonitor.alertDestination`.
void read_alert_destinations(Section& section, AlertDestinations& destinations);

/// The sections of all destinations of the catalogue. `proxy` is that of destinations over HTTP
/// that say nothing else.
void read_destinations(Section& root, const AlertDestinations& wanted, const HttpProxy& proxy,
                       Destinations& destinations);

}  // namespace tocsin::config
