#include "daemon/watch_gaps.h"

#include <string_view>

#include <fmt/format.h>

namespace tocsin::daemon {

void WatchGaps::add(const MonitoredHost& host) {
  if (!host.host().error.empty()) {
    hosts++;
    return;
  }
  for (const auto& service : host.services()) {
    const auto state = service.tracked.seen.state;
    denied += state == ServiceState::denied ? 1 : 0;
    missing += state == ServiceState::missing ? 1 : 0;
  }
  patterns += host.idle_patterns().size();
}

bool WatchGaps::empty() const { return text().empty(); }

std::string WatchGaps::text() const {
  std::string text;
  const auto say = [&text](std::size_t count, std::string_view one, std::string_view several,
                           std::string_view how) {
    if (count > 0)
      text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", count, count == 1 ? one : several,
                          how);
  };
  say(hosts, "host", "hosts", "UNKNOWN");
  say(denied, "service", "services", "denied");
  say(missing, "service", "services", "not installed");
  say(patterns, "pattern", "patterns", "empty");
  say(left_out, "entry", "entries", "of the configuration left out");
  return text;
}

}  // namespace tocsin::daemon
