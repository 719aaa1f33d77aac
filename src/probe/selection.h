// Which services of a host's list are watched, and under which names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "domain/boot.h"
#include "domain/service.h"
#include "domain/watch.h"

namespace tocsin::probe {

/// A service in a host's list of all services.
struct Listed {
  std::size_t place;  ///< in the list
  ServiceName name;   ///< as the host spells it
  std::string display_name;
  std::uint32_t type;  ///< dwServiceType
};

/// What a list says of what is watched, as far as a list can tell: for an entry with automatic_only
/// start modes must be read, so all are here that it may mean.
struct Selection {
  struct Entry {
    std::size_t place;
    ServiceName name;  ///< or the base name of a copy's service
  };
  std::vector<Entry> entries;  ///< the copies of one per-user service stand together
  /// Base name -> the copy whose configuration stands for all.
  std::unordered_map<ServiceName, ServiceName> copies;
  std::vector<std::pair<BootService, std::size_t>> boot_services;  ///< and their places
  /// Display name and type of what was not named in full; the rest is not known.
  std::vector<std::pair<ServiceName, ServiceDetails>> details;
};

using Names = std::unordered_set<ServiceName>;

/// `also`: names that are taken as well, if they are listed: what was reported until now, so that
/// its end can be. Of a name that is listed twice the first counts.
[[nodiscard]] Selection select(std::span<const Listed> list, const Watchlist& watchlist,
                               const Names& also);

/// The selection's services, each once, with the status that `status_at` answers for a place.
[[nodiscard]] std::vector<ObservedService> observe(
    const Selection& selection, const std::function<ServiceStatus(std::size_t place)>& status_at);

/// What the list says of the host's boot.
[[nodiscard]] BootSigns read_boot_signs(
    const Selection& selection, const std::function<ServiceStatus(std::size_t place)>& status_at);

/// Takes out what is not watched by all that is known of it now, but for what may have been until
/// now: with details that show that it is not (another display name, another start mode) it stays
/// in once, so that it does not seem to have vanished. `reported`: what may be watched by the last
/// check; nothing: this is the first, and what others believe is not known. Needed only where
/// Watchlist::needs_details().
void keep_watched(std::vector<ObservedService>& services, const Watchlist& watchlist,
                  std::optional<Names>& reported);

}  // namespace tocsin::probe
