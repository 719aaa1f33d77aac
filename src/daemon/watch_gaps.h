// What is configured and not watched properly, in one sentence for people.
#pragma once

#include <cstddef>
#include <string>

#include "domain/monitored_host.h"

namespace tocsin::daemon {

struct WatchGaps {
  std::size_t left_out = 0;  ///< items of the configuration that have mistakes
  std::size_t hosts = 0;     ///< not reached, or not yet
  std::size_t denied = 0;    ///< services that the account may not query
  std::size_t missing = 0;   ///< services that are named and not installed
  std::size_t patterns = 0;  ///< that find no service

  /// A host after a check; of one that is not reached nothing else is known.
  void add(const MonitoredHost& host);
  [[nodiscard]] bool empty() const;
  /// "3 hosts UNKNOWN, 12 services denied, 2 patterns empty".
  [[nodiscard]] std::string text() const;
};

}  // namespace tocsin::daemon
