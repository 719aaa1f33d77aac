// What is watched, or was seen before, and does not stand in a host's list of all services.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "base/clock.h"
#include "domain/service.h"
#include "domain/watch.h"
#include "probe/details_cache.h"
#include "probe/selection.h"

namespace tocsin::probe {

/// A list leaves out what the account may not see: an absent service is missing only when the host
/// says so of its name.
class AbsentServices {
 public:
  /// What the host said of a service that is not there is asked for again when it is older than
  /// `age`.
  explicit AbsentServices(std::chrono::milliseconds age) : age_(age) {}

  /// Begins anew with what a list lacks. `listed`: what it brings; `seen`: what the last check
  /// brought.
  void find(std::span<const ObservedService> listed, const Names& seen, const Watchlist& watchlist,
            const DetailsCache& details);
  /// Those that the host must be asked for by name now.
  [[nodiscard]] std::vector<ServiceName> due(Time now) const;
  void answer(const ServiceName& name, const ServiceStatus& status, Time now);
  /// Adds them to what the list brings. What was found by a pattern and is gone is forgotten.
  void add_to(std::vector<ObservedService>& services);
  void clear() { absent_.clear(); }

 private:
  struct Absent {
    ServiceName name;
    bool by_pattern;
    ServiceStatus status{};  ///< unknown: not asked yet
    Time asked{};
  };

  std::chrono::milliseconds age_;
  std::vector<Absent> absent_;  ///< in the order of their names
};

}  // namespace tocsin::probe
