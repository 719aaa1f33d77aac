#include "config/monitored/hosts_and_clusters.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/wildcard.h"
#include "config/file/findings.h"
#include "config/section/nearest.h"

namespace tocsin::config {

bool is_known(const HostsAndClusters& known, const HostName& pattern) {
  const auto is_meant = [&pattern](const HostName& name) {
    return matches_wildcard(pattern.key(), name.key());
  };
  return std::ranges::any_of(known.hosts, is_meant, &Host::name) ||
         std::ranges::any_of(known.clusters, is_meant, &Cluster::name);
}

std::string no_such_host(const HostsAndClusters& known, const HostName& name) {
  std::vector<std::string_view> names;
  names.reserve(known.hosts.size() + known.clusters.size());
  for (const auto& host : known.hosts) names.emplace_back(host.name.text());
  for (const auto& cluster : known.clusters) names.emplace_back(cluster.name.text());
  return fmt::format("no host or cluster is called {}{}", in_backticks(name.text()),
                     did_you_mean(name.text(), names));
}

}  // namespace tocsin::config
