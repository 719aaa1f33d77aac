// The entries of `services`, of a host or of a set.
#pragma once

#include <string_view>
#include <vector>

#include "config/monitored/policy_part.h"
#include "config/section/section.h"
#include "domain/watch.h"

namespace tocsin::config {

struct ServiceEntry {
  WatchedService service;  ///< its policy is not made yet
  PolicySection policy;
  Place place;  ///< of its `name` or `displayName`
};

/// `services`. `whose` ends the sentence about a service that comes twice: "on this host".
void read_services(Section& section, const Key& key, std::string_view whose,
                   std::vector<ServiceEntry>& out);

}  // namespace tocsin::config
