#include "daemon/record.h"

#include <string>
#include <utility>

namespace tocsin::daemon {

void Record::add(MonitoredHost::Outcome outcome, const TrackedHost& of) {
  for (auto& alert : outcome.alerts) {
    alert.id = {make_uuid(alert.at, rooms_.random)};
    log(alert);
    alerts_.push_back(std::move(alert));
  }
  for (auto& change : outcome.services) {
    if (change.is_new && change.next.seen.state != ServiceState::running)
      rooms_.log.warn("{} {} is {} at the first look", host_.text(), change.name.text(),
                      to_string(change.next.seen.state));
    states_.push_back({.host = host_,
                       .service = std::move(change.name),
                       .state = std::move(change.next),
                       .forgotten = change.forgotten,
                       .details = std::move(change.details)});
  }
  if (outcome.host) changed_ = store::HostChange{host_, of};
}

void Record::log(const Alert& alert) const {
  const auto reason =
      join_reasons(alert.reason, alert.held.empty() ? "" : "nobody is told: " + alert.held);
  if (is_about_host(alert)) {
    rooms_.log.info("{} is {}, {}", host_.text(), to_string(alert.kind), reason);
    return;
  }
  rooms_.log.info("{} {} {}: {} -> {}{}{}", host_.text(), alert.service.text(),
                  to_string(alert.kind), to_string(alert.from), to_string(alert.to),
                  reason.empty() ? "" : ", ", reason);
}

net::awaitable<void> Record::write() {
  if (states_.empty() && alerts_.empty() && !changed_) co_return;
  co_await rooms_.journal.record(std::move(states_), std::move(changed_), std::move(alerts_));
}

}  // namespace tocsin::daemon
