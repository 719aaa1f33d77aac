#include "domain/notified.h"

#include <string>
#include <utility>

namespace tocsin {
namespace {

using enum TransitionKind;

/// `of` is a service, or what was notified of it. Denied and stuck come before the state.
template <typename Known>
void say_trouble(const Known& of, ServiceState seen, Transition& transition) {
  if (of.denied) {
    transition.kind = denied;
    transition.to = ServiceState::denied;
  } else if (of.stuck) {
    transition.kind = stuck;
    transition.to = seen;
  }
}

}  // namespace

std::optional<Transition> catch_up(const TrackedService& service, const Policy& policy) {
  const auto& notified = service.notified;
  if (service.denied && !notified.denied)
    return Transition{denied, notified.settled, notified.since, ServiceState::denied, {}};
  if (service.stuck && !notified.stuck)
    return Transition{stuck, notified.settled, notified.since, service.seen.state, {}};
  if (service.stuck || service.denied) return std::nullopt;
  if (service.first_sight && !is_expected(service.settled, policy.expected)) {
    return Transition{kind_of_settled(service.settled),
                      ServiceState::unknown,
                      {},
                      service.settled,
                      first_sight_reason(service.seen)};
  }
  const bool changed =
      notified.settled != service.settled && notified.settled != ServiceState::unknown;
  if (changed || notified.stuck) {
    return Transition{
        kind_of_settled(service.settled), notified.settled, notified.since, service.settled,
        join_reasons(notified.stuck ? "no longer stuck" : "", exit_reason(service.seen))};
  }
  if (notified.denied)
    return Transition{visible, ServiceState::denied, notified.since, service.settled, {}};
  return std::nullopt;
}

bool is_over_in_storm(const TrackedService& service) {
  return service.storm_state != ServiceState::unknown && service.storm_lasted != Duration(0);
}

bool is_bad(const TrackedService& service, const Policy& policy) {
  return service.stuck || service.denied || !is_expected(service.settled, policy.expected);
}

bool is_present_notified(const TrackedService& service) {
  const auto& notified = service.notified;
  return notified.settled == service.settled && notified.stuck == service.stuck &&
         notified.denied == service.denied;
}

Transition remind(const TrackedService& service, const Policy& policy, Time now) {
  const auto& notified = service.notified;
  Transition again{kind_of_settled(notified.settled), notified.from, service.settled_since,
                   notified.settled, "still so after " + duration_text(now - notified.since)};
  const bool stays_bad =
      service.flapping_bad && is_bad(service, policy) && is_present_notified(service);
  if (service.flapping && !stays_bad) {
    again.kind = flapping;
    again.to = service.settled;
  } else {
    say_trouble(notified, service.seen.state, again);
  }
  return again;
}

Transition bad_state(const TrackedService& service) {
  const auto& notified = service.notified;
  Transition bad{kind_of_settled(service.settled),
                 notified.settled == service.settled ? notified.from : notified.settled,
                 notified.since, service.settled, exit_reason(service.seen)};
  say_trouble(service, service.seen.state, bad);
  return bad;
}

bool is_notified(const TrackedService& service) {
  return !service.flapping && !is_over_in_storm(service) && is_present_notified(service);
}

Transition end_unmonitored(const TrackedService& service, std::string reason) {
  const auto& notified = service.notified;
  return {unmonitored, notified.denied ? ServiceState::denied : notified.settled, notified.since,
          ServiceState::unknown, std::move(reason)};
}

bool is_open(const TrackedService& service) { return fires(service) || !is_notified(service); }

}  // namespace tocsin
