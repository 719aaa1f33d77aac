#include "domain/decide.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin {
namespace {

/// The settled state in which a pending one begins ([MS-SCMR] 3.1.1); others begin in themselves.
ServiceState origin(ServiceState state) {
  switch (state) {
    case ServiceState::start_pending:
      return ServiceState::stopped;
    case ServiceState::stop_pending:
    case ServiceState::pause_pending:
      return ServiceState::running;
    case ServiceState::continue_pending:
      return ServiceState::paused;
    case ServiceState::denied:
      return ServiceState::unknown;
    default:
      return state;
  }
}

TrackedService baseline(const ServiceStatus& seen, Time now) {
  TrackedService first;
  first.seen = seen;
  first.settled = origin(seen.state);
  first.settled_since = now;
  first.since = now;
  first.progress_at = now;
  if (first.settled == ServiceState::running) first.process_id = seen.process_id;
  first.denied = seen.state == ServiceState::denied;
  first.notified = {.settled = first.settled,
                    .denied = first.denied,
                    .from = first.settled,
                    .since = now,
                    .at = now};
  return first;
}

Transition first_sight_of(const ServiceStatus& seen) {
  return {
      kind_of_settled(seen.state), ServiceState::unknown, {}, seen.state, first_sight_reason(seen)};
}

Decision see_first(const ServiceStatus& seen, const Policy& policy, Time now) {
  Decision decision{baseline(seen, now), std::nullopt};
  auto& next = decision.next;
  const bool pending = is_pending(seen.state);
  if (pending) {
    next.settled = ServiceState::unknown;
    next.process_id = 0;
  }
  const bool is_seen = next.settled != ServiceState::unknown;
  if (is_seen && is_expected(next.settled, policy.expected)) return decision;
  next.first_sight = true;
  next.notified = {};
  if (is_seen) decision.transition = first_sight_of(seen);
  if (next.denied)
    decision.transition =
        Transition{TransitionKind::denied, ServiceState::unknown, {}, ServiceState::denied, {}};
  return decision;
}

/// For longer no wait hint is believed: with INFINITE (49 days) a service that hangs is never told.
constexpr Duration kLongestHint = std::chrono::hours(1);

std::optional<Transition> wait(TrackedService& next, const TrackedService& previous,
                               const Policy& policy, Time now) {
  const bool progress =
      previous.seen.state != next.seen.state || previous.seen.checkpoint != next.seen.checkpoint;
  if (progress) next.progress_at = now;
  const auto idle = now - next.progress_at;
  if (next.stuck || idle <= patience(next.seen, policy)) return {};
  next.stuck = true;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(idle).count();
  return Transition{TransitionKind::stuck, next.settled, next.settled_since, next.seen.state,
                    "no progress for " + std::to_string(seconds) + " s"};
}

std::optional<Transition> settle(TrackedService& next, const TrackedService& previous,
                                 const Policy& policy, Time now) {
  const auto from = previous.settled;
  const auto to = next.seen.state;
  const bool runs_on = from == ServiceState::running && to == ServiceState::running;
  const bool restarted = runs_on && previous.process_id != 0 && next.seen.process_id != 0 &&
                         previous.process_id != next.seen.process_id;
  next.settled = to;
  next.checks = from == to && !restarted ? std::min(previous.checks + 1, policy.grace.checks) : 1;
  next.stuck = false;
  next.denied = false;
  if (from != to || restarted) next.settled_since = now;
  if (to != ServiceState::running) {
    next.process_id = 0;
  } else if (!runs_on || next.seen.process_id != 0) {
    next.process_id = next.seen.process_id;
  }

  // First seen without a state: none was notified, so this is the first sight of one.
  const auto& notified = next.notified;
  if (notified.settled == ServiceState::unknown && !notified.denied && !notified.stuck &&
      (!next.first_sight || is_expected(to, policy.expected))) {
    next.notified = {.settled = to, .from = to, .since = now, .at = now};
    next.first_sight = false;
  }

  const std::string resolved = previous.stuck ? "no longer stuck" : "";
  const auto since = previous.settled_since;
  if (restarted) return Transition{TransitionKind::restarted, from, since, to, resolved};
  if (from != ServiceState::unknown && from != to) {
    const std::string appeared = from == ServiceState::missing ? "was missing" : "";
    return Transition{kind_of_settled(to), from, since, to,
                      join_reasons(appeared, exit_reason(next.seen))};
  }
  if (previous.stuck)
    return Transition{kind_of_settled(to), from, since, to,
                      join_reasons(resolved, exit_reason(next.seen))};
  if (previous.denied)
    return Transition{TransitionKind::visible, ServiceState::denied, previous.since, to, {}};
  if (next.first_sight && from == ServiceState::unknown) return first_sight_of(next.seen);
  return {};
}

/// Whether Windows starts it whenever the host starts.
bool starts_by_itself(const ServiceDetails* known) {
  return known != nullptr && !known->trigger_start &&
         (known->start_mode == StartMode::automatic ||
          known->start_mode == StartMode::automatic_delayed);
}

AtFirstSight at_first_sight(const Policy& policy, bool named, const ServiceDetails* known) {
  const bool wanted = named || (policy.first_sight == FirstSight::told && starts_by_itself(known));
  return policy.first_sight != FirstSight::quiet && wanted ? AtFirstSight::alert
                                                           : AtFirstSight::baseline;
}

/// Whether the first sight may be an alert, whatever the details say.
bool may_alert_at_first_sight(ServiceState state, const Policy& policy, bool named) {
  const bool counts = policy.first_sight == FirstSight::told ||
                      (policy.first_sight == FirstSight::by_name && named);
  return counts && !is_pending(state) && !is_expected(state, policy.expected);
}

bool is_readable(ServiceState state) {
  return state != ServiceState::missing && state != ServiceState::denied &&
         state != ServiceState::unknown;
}

/// Null: they were never read.
const ServiceDetails* find_details(const KnownService* known, const ServiceName& name,
                                   const KnownDetails& others) {
  return known == nullptr ? find_details(others, name) : known->details.get();
}

/// Whether one more service may be watched where there are so many.
bool may_begin(std::size_t count, const ServiceName& name, const Watchlist& watchlist) {
  return count < kMostServices || watchlist.is_exact(name);
}

/// What one observed state of a service changes, if anything.
std::optional<ServiceChange> observe_each(const KnownService* known, const ServiceName& name,
                                          const ServiceStatus& seen, const Watchlist& watchlist,
                                          const KnownDetails& others, Time now) {
  const auto* before = known == nullptr ? nullptr : &known->tracked;
  const auto* details = find_details(known, name, others);
  const auto* entry = watchlist.find_tracked(name, details);
  if (before == nullptr) {
    entry = watchlist.is_undecided(name, details) ? nullptr : watchlist.find(name, details);
  }
  const bool gone = seen.state == ServiceState::missing && !watchlist.is_exact(name);
  if (before == nullptr && (entry == nullptr || gone)) return {};
  const bool nobody_has_a_copy = gone && details != nullptr && is_per_user(*details);
  if (entry == nullptr || nobody_has_a_copy)
    return ServiceChange{.name = name, .next = *before, .forgotten = true};
  auto [next, transition] =
      decide(before, seen, entry->policy, now,
             at_first_sight(entry->policy, watchlist.is_exact(name), details));
  const bool is_over = gone && next.notified.settled == ServiceState::missing && !fires(next);
  if (before != nullptr && next == *before && !is_over) return {};
  return ServiceChange{.name = name,
                       .next = std::move(next),
                       .forgotten = is_over,
                       .transition = std::move(transition),
                       .is_new = before == nullptr};
}

}  // namespace

void follow_clock(TrackedService& service, Duration set_by, Time now) {
  auto& notified = service.notified;
  for (auto* at : {&service.settled_since, &service.since, &service.progress_at, &notified.since,
                   &notified.at})
    *at = moved(*at, set_by, now);
  service.changes.follow_clock(set_by, now);
}

Duration patience(const ServiceStatus& seen, const Policy& policy) {
  return std::max(std::min<Duration>(seen.wait_hint, kLongestHint), policy.pending_limit);
}

Decision decide(const TrackedService* previous, const ServiceStatus& seen, const Policy& policy,
                Time now, AtFirstSight at_first_sight) {
  if (previous == nullptr && at_first_sight == AtFirstSight::alert)
    return see_first(seen, policy, now);
  if (previous == nullptr) return {baseline(seen, now), std::nullopt};
  Decision decision{*previous, std::nullopt};
  auto& next = decision.next;
  if (seen.state != previous->seen.state) next.since = now;
  switch (seen.state) {
    case ServiceState::unknown:
      next.seen.state = ServiceState::unknown;
      // The storm was its host's: what follows is no news of the service's own.
      next.storm_state = ServiceState::unknown;
      next.storm_lasted = {};
      break;
    case ServiceState::denied:
      next.seen = seen;
      if (!next.denied)
        decision.transition = Transition{
            TransitionKind::denied, next.settled, next.settled_since, ServiceState::denied, {}};
      next.denied = true;
      break;
    case ServiceState::start_pending:
    case ServiceState::stop_pending:
    case ServiceState::continue_pending:
    case ServiceState::pause_pending:
      next.seen = seen;
      decision.transition = wait(next, *previous, policy, now);
      break;
    case ServiceState::stopped:
    case ServiceState::running:
    case ServiceState::paused:
    case ServiceState::missing:
    case ServiceState::overrun:
      next.seen = seen;
      decision.transition = settle(next, *previous, policy, now);
      break;
  }
  return decision;
}

std::vector<ServiceChange> decide(const KnownServices& previous, const Observation& observation,
                                  const Watchlist& watchlist, const KnownDetails& others) {
  static const ObservedServices none;
  std::vector<ServiceChange> changes;
  auto count = previous.size();
  const auto observe = [&](const KnownService* known, const ObservedService* observed) {
    if (known != nullptr && observed != nullptr && is_as_before(*known, *observed)) return;
    const auto& name = known == nullptr ? observed->name : known->name;
    if (known == nullptr && !may_begin(count, name, watchlist)) return;
    const bool gone = observation.services && observed == nullptr && !watchlist.is_exact(name);
    const ServiceStatus lacking{.state = gone ? ServiceState::missing : ServiceState::unknown};
    auto change = observe_each(known, observed == nullptr ? name : observed->name,
                               observed == nullptr ? lacking : observed->status, watchlist, others,
                               observation.at.wall);
    if (!change) return;
    if (change->is_new) count++;
    changes.push_back(*std::move(change));
  };
  walk_in_step(previous, observation.services ? *observation.services : none, observe);
  return changes;
}

std::vector<ServiceName> lacking_details(const KnownServices& previous,
                                         const Observation& observation, const Watchlist& watchlist,
                                         const KnownDetails& others) {
  std::vector<ServiceName> for_alerts;
  std::vector<ServiceName> undecided;
  if (!observation.services) return for_alerts;
  const auto look = [&](const KnownService* known, const ObservedService* observed) {
    if (observed == nullptr || !is_readable(observed->status.state)) return;
    if (known != nullptr && is_as_before(*known, *observed)) return;
    const auto& [name, status, brought] = *observed;
    const auto* details = brought ? brought.get() : find_details(known, name, others);
    if (details != nullptr && details->start_mode != StartMode::unknown) return;
    if (known == nullptr) {
      const auto* entry = watchlist.find(name, details);
      if (watchlist.is_undecided(name, details))
        undecided.push_back(name);
      else if (entry != nullptr &&
               may_alert_at_first_sight(status.state, entry->policy, watchlist.is_exact(name)))
        for_alerts.push_back(name);
    } else if (const auto* entry = watchlist.find_tracked(name, details);
               entry != nullptr &&
               decide(&known->tracked, status, entry->policy, observation.at.wall).transition) {
      for_alerts.push_back(name);
    }
  };
  walk_in_step(previous, *observation.services, look);
  std::ranges::move(undecided, std::back_inserter(for_alerts));
  return for_alerts;
}

std::optional<ServiceChange> decide(const KnownServices& previous, const ObservedService& pushed,
                                    const Watchlist& watchlist, Time now,
                                    const KnownDetails& others) {
  const auto* known = previous.find(pushed.name);
  if (known == nullptr && !may_begin(previous.size(), pushed.name, watchlist)) return {};
  return observe_each(known, pushed.name, pushed.status, watchlist, others, now);
}

}  // namespace tocsin
