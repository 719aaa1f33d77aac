#include "daemon/host_update.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/listed.h"

namespace tocsin::daemon {
namespace {

/// A change without an alert, and why it has none; empty: only counters differ.
std::string describe_quiet(const ServiceChange& change) {
  const auto now = change.next.seen.state;
  if (change.transition) return {};
  if (change.forgotten) return "forgotten, no longer watched";
  if (change.is_new)
    return fmt::format("{} when first seen, no alert: {}", to_string(now),
                       is_pending(now) ? "pending, not settled" : "baseline");
  if (now == change.seen_before) return {};
  std::string_view why = "as it was when it last settled";
  if (now == ServiceState::unknown) why = "not observed by this check";
  if (is_pending(now)) why = "pending, not settled";
  return fmt::format("{} -> {}, no alert: {}", to_string(change.seen_before), to_string(now), why);
}

}  // namespace

void HostUpdate::add(MonitoredHost::Outcome outcome, const TrackedHost& of) {
  if (deps_.log.wants_debug()) log_quiet(outcome.services);
  for (auto& alert : outcome.alerts) {
    alert.id = {make_uuid(alert.at, deps_.random)};
    log(alert);
    alerts_.push_back(std::move(alert));
  }
  for (auto& change : outcome.services) {
    if (change.is_new && !change.transition && change.next.seen.state != ServiceState::running)
      deps_.log.warn("{} is {} at the first check", change.name.text(),
                     to_string(change.next.seen.state));
    states_.push_back({.host = host_,
                       .service = std::move(change.name),
                       .state = std::move(change.next),
                       .forgotten = change.forgotten,
                       .details = std::move(change.details)});
  }
  if (outcome.host) changed_ = store::HostChange{host_, of, outcome.forgotten};
}

/// Services that fare alike share a line: a host that is not reached has hundreds of them.
void HostUpdate::log_quiet(std::span<const ServiceChange> changes) const {
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& change : changes) {
    if (auto what = describe_quiet(change); !what.empty())
      groups[std::move(what)].push_back(change.name.text());
  }
  for (const auto& [what, names] : groups) deps_.log.debug("state {}: {}", what, listed(names));
}

void HostUpdate::log(const Alert& alert) const {
  auto reason = alert.reason;
  if (alert.reminder > 0)
    reason = join_reasons(std::move(reason), fmt::format("reminder {}", alert.reminder));
  if (!alert.suppressed.empty())
    reason = join_reasons(std::move(reason), "suppressed: " + alert.suppressed);
  const auto* comma = reason.empty() ? "" : ", ";
  if (is_about_host(alert)) {
    deps_.log.info("{}{}{}", kind_word(alert), comma, reason);
    return;
  }
  deps_.log.info("{} {}: {} -> {}{}{}", alert.service.text(), kind_word(alert),
                 to_string(alert.from), to_string(alert.to), comma, reason);
}

net::awaitable<void> HostUpdate::write() {
  if (states_.empty() && alerts_.empty() && !changed_) co_return;
  co_await deps_.journal.commit(std::move(states_), std::move(changed_), std::move(alerts_),
                                deps_.log);
}

}  // namespace tocsin::daemon
