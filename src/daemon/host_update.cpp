#include "daemon/host_update.h"

#include <string>
#include <utility>

namespace tocsin::daemon {

void HostUpdate::add(MonitoredHost::Outcome outcome, const TrackedHost& of) {
  for (auto& alert : outcome.alerts) {
    alert.id = {make_uuid(alert.at, deps_.random)};
    log(alert);
    alerts_.push_back(std::move(alert));
  }
  for (auto& change : outcome.services) {
    if (change.is_new && change.next.seen.state != ServiceState::running)
      deps_.log.warn("{} {} is {} at the first look", host_.text(), change.name.text(),
                     to_string(change.next.seen.state));
    states_.push_back({.host = host_,
                       .service = std::move(change.name),
                       .state = std::move(change.next),
                       .forgotten = change.forgotten,
                       .details = std::move(change.details)});
  }
  if (outcome.host) changed_ = store::HostChange{host_, of};
}

void HostUpdate::log(const Alert& alert) const {
  const auto reason = join_reasons(
      alert.reason, alert.suppressed.empty() ? "" : "nobody is told: " + alert.suppressed);
  if (is_about_host(alert)) {
    deps_.log.info("{} is {}, {}", host_.text(), kind_word(alert), reason);
    return;
  }
  deps_.log.info("{} {} {}: {} -> {}{}{}", host_.text(), alert.service.text(), kind_word(alert),
                 to_string(alert.from), to_string(alert.to), reason.empty() ? "" : ", ", reason);
}

net::awaitable<void> HostUpdate::write() {
  if (states_.empty() && alerts_.empty() && !changed_) co_return;
  co_await deps_.journal.commit(std::move(states_), std::move(changed_), std::move(alerts_));
}

}  // namespace tocsin::daemon
