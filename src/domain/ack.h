// An acknowledgement: somebody has seen what fires, so nobody is reminded and nothing escalates
// until it ends. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/names.h"

namespace tocsin {

struct Ack {
  std::int64_t id = 0;  ///< 0: not stored yet
  HostName host;
  ServiceName service;  ///< empty: the host itself
  Time at{};
  std::string reason;
  std::string author;  ///< may be empty

  /// Whether it is about this alert, which fires since then: not about one that began later.
  [[nodiscard]] bool covers(const HostName& of, const ServiceName& name, Time firing_since) const {
    return host == of && service == name && firing_since <= at;
  }
  /// "db1/Spooler"; of a host its name.
  [[nodiscard]] std::string text() const {
    return service.empty() ? host.text() : host.text() + "/" + service.text();
  }

  friend bool operator==(const Ack&, const Ack&) = default;
};

}  // namespace tocsin
