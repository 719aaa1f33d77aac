#include "web/board.h"

#include <algorithm>
#include <vector>

#include "domain/transition.h"

namespace tocsin::web {

int rank_of(ServiceState state) {
  switch (state) {
    case ServiceState::running:
      return 0;
    case ServiceState::start_pending:
    case ServiceState::continue_pending:
      return 1;
    case ServiceState::stop_pending:
    case ServiceState::pause_pending:
      return 2;
    case ServiceState::paused:
      return 3;
    case ServiceState::unknown:
      return 4;
    case ServiceState::denied:
      return 5;
    case ServiceState::overrun:
      return 6;
    case ServiceState::stopped:
      return 7;
    case ServiceState::missing:
      return 8;
  }
  return 4;
}

std::size_t index_of(ServiceState state) {
  const auto& all = all_values<ServiceState>();
  return static_cast<std::size_t>(std::ranges::find(all, state) - all.begin());
}

char letter_of(ServiceState state) {
  switch (state) {
    case ServiceState::running:
      return 'r';
    case ServiceState::stopped:
      return 's';
    case ServiceState::paused:
      return 'p';
    case ServiceState::start_pending:
      return 'b';
    case ServiceState::stop_pending:
      return 'e';
    case ServiceState::continue_pending:
      return 'c';
    case ServiceState::pause_pending:
      return 'w';
    case ServiceState::missing:
      return 'm';
    case ServiceState::denied:
      return 'd';
    case ServiceState::overrun:
      return 'o';
    case ServiceState::unknown:
      break;
  }
  return 'u';
}

namespace {

/// Finding the entry of a service costs more than seeing that it runs.
bool is_troubled(const MonitoredHost& host, const ServiceName& name,
                 const TrackedService& service) {
  if (fires(service)) return true;
  const auto state = service.seen.state;
  if (state == ServiceState::running || state == ServiceState::unknown) return false;
  const auto* entry = host.find_entry(name);
  return entry != nullptr && !is_expected(state, entry->policy.expected);
}

}  // namespace

HostSummary summarize(const MonitoredHost& host, bool checked) {
  HostSummary summary;
  summary.checked = checked;
  summary.reached = host.host().error.empty();
  summary.worst = summary.reached ? ServiceState::running : ServiceState::unknown;
  if (host.firing_since({})) summary.open++;
  for (const auto& [name, service] : host.services()) {
    const auto state = service.seen.state;
    summary.states[index_of(state)]++;
    summary.services++;
    if (fires(service)) summary.open++;
    if (!is_troubled(host, name, service)) continue;
    summary.troubled++;
    if (summary.reached && rank_of(state) > rank_of(summary.worst)) summary.worst = state;
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
  changed_(host, {});
}

}  // namespace tocsin::web
