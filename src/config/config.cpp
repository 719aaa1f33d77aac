#include "config/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/wildcard.h"
#include "config/file/findings.h"
#include "config/section/nearest.h"

namespace tocsin::config {
bool is_known(const Config& config, const HostName& pattern) {
  const auto is_meant = [&pattern](const HostName& name) {
    return matches_wildcard(pattern.key(), name.key());
  };
  return std::ranges::any_of(config.hosts, is_meant, &Host::name) ||
         std::ranges::any_of(config.clusters, is_meant, &Cluster::name);
}

std::string no_such_host(const Config& config, const HostName& name) {
  std::vector<std::string_view> known;
  known.reserve(config.hosts.size() + config.clusters.size());
  for (const auto& host : config.hosts) known.emplace_back(host.name.text());
  for (const auto& cluster : config.clusters) known.emplace_back(cluster.name.text());
  return fmt::format("no host or cluster is called {}{}", in_backticks(name.text()),
                     did_you_mean(name.text(), known));
}

bool is_asked_alike(Host a, const Host& b) {
  a.name = b.name;
  a.frequency = b.frequency;
  a.services = b.services;
  a.policy = b.policy;
  return a == b;
}

std::vector<std::string_view> differing_keys(const Host& a, const Host& b) {
  std::vector<std::string_view> keys;
  if (a.name.text() != b.name.text()) keys.emplace_back("host");
  if (a.address != b.address) keys.emplace_back("address");
  if (a.port != b.port) keys.emplace_back("port");
  if (a.source != b.source) keys.emplace_back("source");
  if (a.credentials != b.credentials || a.not_asked != b.not_asked)
    keys.emplace_back("credentials");
  if (a.frequency != b.frequency) keys.emplace_back("frequency");
  if (a.services != b.services) keys.emplace_back("services");
  if (a.policy != b.policy) keys.emplace_back("hostPolicy");
  return keys;
}

bool is_same(const Host& a, const Host& b) { return a == b && a.name.text() == b.name.text(); }

}  // namespace tocsin::config
