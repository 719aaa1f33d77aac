#include "web/board.h"

#include <algorithm>
#include <vector>

#include "domain/transition.h"

namespace tocsin::web {

std::size_t index_of(ServiceState state) {
  const auto& all = all_values<ServiceState>();
  return static_cast<std::size_t>(std::ranges::find(all, state) - all.begin());
}

namespace {

/// Finding the entry of a service costs more than seeing that it runs.
bool is_troubled(const MonitoredHost& host, const KnownService& service) {
  if (fires(service.tracked)) return true;
  const auto state = service.tracked.seen.state;
  if (state == ServiceState::running || state == ServiceState::unknown) return false;
  const auto* entry = host.find_entry(service);
  return entry != nullptr && !is_expected(state, entry->policy.expected);
}

}  // namespace

HostSummary summarize(const MonitoredHost& host, bool checked) {
  HostSummary summary;
  summary.checked = checked;
  summary.reached = host.host().error.empty();
  summary.worst = summary.reached ? ServiceState::running : ServiceState::unknown;
  if (host.firing_since({})) summary.open++;
  for (const auto& service : host.services()) {
    const auto state = service.tracked.seen.state;
    summary.states[index_of(state)]++;
    summary.services++;
    if (fires(service.tracked)) summary.open++;
    if (!is_troubled(host, service)) continue;
    summary.troubled++;
    if (summary.reached) summary.worst = worse(summary.worst, state);
  }
  return summary;
}

void Board::count(const HostSummary& summary, int by) {
  for (std::size_t i = 0; i < states_.size(); i++)
    states_[i] += summary.states[i] * static_cast<std::uint32_t>(by);
}

void Board::update(const MonitoredHost& host, bool checked) {
  const auto now = summarize(host, checked);
  auto& known = hosts_[host.name()];
  if (known == now) return;
  count(known, -1);
  known = now;
  count(known, 1);
  changes_++;
  changed_(host.name(), known);
}

void Board::retain(const std::function<bool(const HostName&)>& stays) {
  std::vector<HostName> leave;
  for (const auto& [name, summary] : hosts_) {
    if (!stays(name)) leave.push_back(name);
  }
  for (const auto& name : leave) remove(name);
}

void Board::remove(const HostName& host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  count(found->second, -1);
  hosts_.erase(found);
  changes_++;
  changed_(host, {});
}

}  // namespace tocsin::web
