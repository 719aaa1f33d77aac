// Names of destinations: "webhook", or "webhook:On-call" for one of several.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/destinations/catalogue.h"

namespace tocsin::config {

/// Whether `written` means a destination of the channel (as `alertDestination` calls it) that has
/// this label among others of the channel. Case does not count.
[[nodiscard]] bool matches_destination(std::string_view written, std::string_view channel,
                                       std::string_view label);

/// Of a name that means none of the destinations.
struct WrongName {
  bool is_error;  ///< otherwise it may come to mean one, when that is switched on
  std::string text;
};
[[nodiscard]] std::optional<WrongName> check_destination_name(std::string_view written,
                                                              const Destinations& destinations);

}  // namespace tocsin::config
