// A service cluster: hosts of which so many must run a service, and whether they do. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>

#include "base/names.h"
#include "domain/service.h"

namespace tocsin {

/// How many hosts of a service cluster must run the service.
struct ClusterRule {
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  std::size_t least = 1;
  std::size_t most = kNoLimit;

  friend bool operator==(const ClusterRule&, const ClusterRule&) = default;
};

/// As a configuration says it: "exactly one", "at least 2".
[[nodiscard]] std::string to_string(const ClusterRule& rule);

/// The service on one host of the service cluster.
struct ClusterMember {
  HostName host;
  ServiceState state = ServiceState::unknown;  ///< of a host that is not reached: unknown
};

struct ClusterVerdict {
  /// running: the rule holds; stopped: too few run it; overrun: too many; unknown: nobody can say.
  ServiceState state = ServiceState::unknown;
  std::string reason;  ///< where it runs; a clause
};

/// What is known counts: of a member that is not known it is assumed that it does not run, unless
/// no member is known.
[[nodiscard]] ClusterVerdict judge(const ClusterRule& rule, std::span<const ClusterMember> members);
/// The same where `state_on` says what the service does on each of the hosts.
[[nodiscard]] ClusterVerdict judge(const ClusterRule& rule, std::span<const HostName> hosts,
                                   const std::function<ServiceState(const HostName&)>& state_on);

}  // namespace tocsin
