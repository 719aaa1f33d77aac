#include "daemon/open_files.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin::daemon {
namespace {

/// 64 kept connections and 8 sendings to each of several destinations, three connections to the
/// store with three files each, the log, event queues.
constexpr std::size_t kOthers = 192;
constexpr std::size_t kMostLookups = net::ConnectorLimits{}.lookups;

}  // namespace

net::ConnectorLimits connector_limits(std::optional<std::size_t> most_files) {
  if (!most_files) return {};
  const auto lookups = std::clamp<std::size_t>(*most_files / 32, 1, kMostLookups);
  const auto others = std::min(kOthers, *most_files / 2);
  // Names that were not answered the last time have half as many threads of their own.
  const auto taken = others + lookups + lookups / 2 + 1;
  return {.connections = *most_files > taken ? *most_files - taken : 1, .lookups = lookups};
}

std::string lack_of_files(std::size_t hosts, std::optional<std::size_t> most_files) {
  const auto connections = connector_limits(most_files).connections;
  if (hosts <= connections) return {};
  auto needed = *most_files;
  while (connector_limits(needed).connections < hosts) needed += 64;
  return fmt::format(
      "the limit of {} open files allows connections to {} hosts at a time, and {} are monitored: "
      "raise it to {} (LimitNOFILE= of the service, or `ulimit -n`); until then sessions are "
      "closed after each check",
      *most_files, connections, hosts, needed);
}

}  // namespace tocsin::daemon
