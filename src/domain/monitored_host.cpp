#include "domain/monitored_host.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>

#include "domain/notified.h"

namespace tocsin {
namespace {

constexpr const char* kUnmonitored = "no longer monitored";

/// Pushed changes within this time count as one check.
constexpr Duration kAtOnce = std::chrono::milliseconds(500);

bool is_recent(Time fall, Time now) { return fall <= now && now - fall < kAtOnce; }

/// Whether time alone may change something of it.
bool waits(const KnownService& service) {
  return is_pending(service.tracked.seen.state) || is_open(service.tracked);
}

}  // namespace

MonitoredHost::MonitoredHost(HostName name, Rules rules, Known known, SilenceOf silence, AckOf ack,
                             RecoveryOf recovery)
    : name_(std::move(name)),
      host_(std::move(known.host)),
      services_(std::move(known.services)),
      silence_(std::move(silence)),
      ack_(std::move(ack)),
      recovery_(std::move(recovery)) {
  services_.shrink_to_fit();
  set_rules(std::move(rules));
}

void MonitoredHost::set_rules(Rules rules) {
  rules_ = std::move(rules);
  at_rest_ = false;
  for (auto& service : services_) service.rests = false;
}

void MonitoredHost::follow_clock(Now now) {
  const auto set_by = clock_.follow(now);
  if (!set_by) return;
  at_rest_ = false;
  tocsin::follow_clock(host_, rules_.policy, *set_by, now.wall);
  for (auto& service : services_) tocsin::follow_clock(service.tracked, *set_by, now.wall);
  for (auto& [name, fall] : pushed_falls_) fall = moved(fall, *set_by, now.wall);
}

MonitoredHost::Outcome MonitoredHost::apply(const Observation& observation) {
  follow_clock(observation.at);
  const Time now = observation.at.wall;
  Outcome outcome;
  const auto before = host_;
  auto host_drafts =
      tocsin::review(host_, observation, services_, rules_.policy, circumstances(now));
  outcome.host = host_ != before;
  if (observation.services) take_details(*observation.services);
  auto changes = decide(services_, observation, rules_.services, details_of_others_);
  // A service that is on its way may be stuck later.
  for (auto& service : services_) service.rests = !is_pending(service.tracked.seen.state);
  take(std::move(changes), now, outcome);
  if (host_.error.empty()) review_open(now, outcome);

  std::vector<Alert> first;
  for (auto& draft : host_drafts) {
    const auto kind = draft.transition.kind;
    if (kind == TransitionKind::reachable || kind == TransitionKind::rebooted)
      draft.transition.reason = join_reasons(draft.transition.reason, what_is_wrong());
    first.push_back(make_alert(std::move(draft), now));
    if (kind != TransitionKind::reachable || !first.back().suppressed.empty()) continue;
    // What runs again is in one message with its host.
    for (auto& alert : outcome.alerts) alert.across_hosts |= is_resolved(alert);
  }
  outcome.alerts.insert(outcome.alerts.begin(), std::make_move_iterator(first.begin()),
                        std::make_move_iterator(first.end()));
  at_rest_ = outcome.empty() && host_.error.empty() && std::ranges::none_of(services_, waits);
  return outcome;
}

MonitoredHost::Outcome MonitoredHost::apply_pushed(const ObservedService& pushed, Now at) {
  follow_clock(at);
  const Time now = at.wall;
  Outcome outcome;
  const auto before = host_;
  note_pushed_fall(pushed, now);
  outcome.host = host_ != before;
  if (auto change = decide(services_, pushed, rules_.services, now, details_of_others_))
    take({*std::move(change)}, now, outcome);
  for (auto& alert : outcome.alerts) alert.pushed = true;
  at_rest_ &= outcome.empty();
  return outcome;
}

MonitoredHost::Outcome MonitoredHost::learn(const KnownDetails& read) {
  Outcome outcome;
  for (const auto& [name, details] : read) {
    auto* known = services_.find(name);
    if (known == nullptr || (known->details && *known->details == *details)) continue;
    known->details = details;
    known->rests = false;
    outcome.services.push_back({.name = name,
                                .next = known->tracked,
                                .details = details,
                                .seen_before = known->tracked.seen.state});
  }
  at_rest_ &= outcome.empty();
  return outcome;
}

void MonitoredHost::note_pushed_fall(const ObservedService& pushed, Time now) {
  if (rules_.policy.storm_wait == Duration(0)) return;
  const auto* known = services_.find(pushed.name);
  if (known == nullptr || !falls(known->tracked, pushed.status.state)) return;
  std::erase_if(pushed_falls_, [now](const auto& fall) { return !is_recent(fall.second, now); });
  pushed_falls_[pushed.name] = now;
  Falls all{.fell = pushed_falls_.size()};
  for (const auto& service : services_) {
    const bool ran = service.tracked.settled == ServiceState::running;
    all.ran += ran || pushed_falls_.contains(service.name) ? 1 : 0;
  }
  note_falls(host_, all, rules_.policy, now);
}

MonitoredHost::Outcome MonitoredHost::pass(Now at) {
  follow_clock(at);
  const Time now = at.wall;
  Outcome outcome;
  if (host_.error.empty()) {
    review_open(now, outcome);
    // Others that fell at once may still follow.
    for (auto& alert : outcome.alerts) alert.pushed = pushed_falls_.erase(alert.service) > 0;
    at_rest_ &= outcome.empty();
    return outcome;
  }
  const auto before = host_;
  for (auto& draft : tocsin::review(host_, rules_.policy, circumstances(now), now))
    outcome.alerts.push_back(make_alert(std::move(draft), now));
  outcome.host = host_ != before;
  return outcome;
}

MonitoredHost::Outcome MonitoredHost::retire(Now at) {
  follow_clock(at);
  const Time now = at.wall;
  Outcome outcome{.services = {}, .host = true, .forgotten = true, .alerts = {}};
  if (host_.notified) {
    Transition end{TransitionKind::unmonitored, ServiceState::unknown, host_.since,
                   ServiceState::unknown, kUnmonitored};
    outcome.alerts.push_back(
        make_alert({.transition = std::move(end), .suppressed = {}, .goes_on = true}, now));
  }
  for (const auto& service : services_) {
    end_alert(service.name, service.tracked, now, outcome);
    outcome.services.push_back({.name = service.name,
                                .next = service.tracked,
                                .forgotten = true,
                                .seen_before = service.tracked.seen.state});
  }
  services_ = {};
  details_of_others_.clear();
  host_ = {};
  at_rest_ = false;
  return outcome;
}

bool MonitoredHost::is_at_rest(Now at) const {
  return at_rest_ && clock_.set_by(at) == Duration(0);
}

std::optional<Time> MonitoredHost::firing_since(const ServiceName& service) const {
  if (service.empty()) return host_.notified ? std::optional(host_.firing_since) : std::nullopt;
  const auto* known = services_.find(service);
  if (known == nullptr || !fires(known->tracked)) return std::nullopt;
  return known->tracked.notified.firing_since;
}

Time MonitoredHost::next_review(Now at) const {
  const Time now = at.wall;
  if (clock_.set_by(at) != Duration(0)) return now;  // pass() follows the clock first
  if (at_rest_) return Time::max();
  if (!host_.error.empty())
    return tocsin::next_review(host_, rules_.policy, circumstances(now), now);
  Time next = Time::max();
  for (const auto& service : services_) {
    const auto* watched = find_open(service);
    if (watched == nullptr) continue;
    const ReviewedService of{*watched, service.details.get(),
                             rules_.services.is_exact(service.name)};
    next = std::min(
        next, tocsin::next_review(service.tracked, of, circumstances(service.name, now), now));
  }
  return next;
}

RecoveryPlan MonitoredHost::plan_recovery(const KnownService& service, Time now) const {
  // Most services are well, and finding their entries costs more than seeing that.
  const auto& tracked = service.tracked;
  const bool may_be_meant = tracked.stuck || tracked.seen.state == ServiceState::stopped;
  const auto* watched = may_be_meant ? find_entry(service) : nullptr;
  if (watched == nullptr || !watched->policy.recovery.enabled) return {};
  const auto all = circumstances(service.name, now);
  const ReviewedService of{*watched, service.details.get(), rules_.services.is_exact(service.name)};
  return tocsin::plan_recovery(tracked, of, all,
                               all.recovery != nullptr ? *all.recovery : RecoveryState{}, now);
}

std::vector<MonitoredHost::WaitingAlert> MonitoredHost::waiting_alerts(Time now) const {
  std::vector<WaitingAlert> waiting;
  if (at_rest_ || !host_.error.empty()) return waiting;
  for (const auto& service : services_) {
    const auto* watched = find_open(service);
    if (watched == nullptr) continue;
    const ReviewedService of{*watched, service.details.get(),
                             rules_.services.is_exact(service.name)};
    if (auto found = find_waiting(service.tracked, of, circumstances(service.name, now), now))
      waiting.push_back({service.name, found->kind, std::move(found->suppression)});
  }
  return waiting;
}

const WatchedService* MonitoredHost::find_entry(const ServiceName& service) const {
  return rules_.services.find_tracked(service, details(service).get());
}

/// Most services have nothing open, and finding their entries costs more than seeing that.
const WatchedService* MonitoredHost::find_open(const KnownService& service) const {
  return is_open(service.tracked) ? find_entry(service) : nullptr;
}

std::vector<std::string> MonitoredHost::idle_patterns() const {
  std::set<const WatchedService*> at_work;
  for (const auto& service : services_) {
    if (service.tracked.settled != ServiceState::missing) at_work.insert(find_entry(service));
  }
  std::vector<std::string> idle;
  for (const auto& entry : rules_.services.entries()) {
    if (is_one_name(entry) || entry.automatic_only || at_work.contains(&entry)) continue;
    idle.push_back(entry.pattern.empty() ? entry.display_name : entry.pattern);
  }
  return idle;
}

std::shared_ptr<const ServiceDetails> MonitoredHost::details(const ServiceName& service) const {
  if (const auto* known = services_.find(service)) return known->details;
  const auto other = details_of_others_.find(service);
  return other == details_of_others_.end() ? nullptr : other->second;
}

std::pair<ServiceName, std::string> MonitoredHost::names_of(const ServiceName& service) const {
  const auto* watched = find_entry(service);
  if (watched == nullptr) return {service, {}};
  // Who wrote a name out in full gets it back as it was written.
  return {is_one_name(*watched) ? ServiceName(watched->pattern) : service, watched->friendly_name};
}

HostCircumstances MonitoredHost::circumstances(Time now) const {
  return {.silence = silence({}, now), .acknowledged = ack({})};
}

std::optional<Suppression> MonitoredHost::silence(const ServiceName& service, Time now) const {
  return silence_ ? silence_(service, now) : std::nullopt;
}

std::optional<Suppression> MonitoredHost::ack(const ServiceName& service) const {
  const auto since = ack_ ? firing_since(service) : std::nullopt;
  return since ? ack_(service, *since) : std::nullopt;
}

std::optional<Suppression> MonitoredHost::outage(const ServiceName& service) const {
  if (!host_.error.empty()) return Suppression{"its host is not reached"};
  const auto* known = services_.find(service);
  if (known == nullptr || known->tracked.seen.state != ServiceState::unknown) return std::nullopt;
  return Suppression{"its state is not known"};
}

Circumstances MonitoredHost::circumstances(const ServiceName& service, Time now) const {
  Circumstances all{.silence = silence(service, now),
                    .outage = outage(service),
                    .acknowledged = ack(service),
                    .booted_at = host_.booted_at,
                    .recovery = recovery_ ? recovery_(service) : nullptr};
  if (now < host_.storm_until)
    all.storm = Suppression{"many services of its host stopped at once", host_.storm_until};
  if (const auto fall = pushed_falls_.find(service);
      !all.storm && fall != pushed_falls_.end() && is_recent(fall->second, now))
    all.storm = Suppression{"others of its host may stop at once", fall->second + kAtOnce};
  return all;
}

void MonitoredHost::take_details(const ObservedServices& observed) {
  KnownDetails others;
  walk_in_step(services_, observed, [&](KnownService* known, const ObservedService* seen) {
    if (seen == nullptr) return;
    if (known == nullptr) {
      const auto details = seen->details ? seen->details : this->details(seen->name);
      if (details) others.emplace(seen->name, details);
    } else if (seen->details && seen->details != known->details) {
      known->details = seen->details;
      known->rests = false;
    }
  });
  details_of_others_ = std::move(others);
}

void MonitoredHost::take(std::vector<ServiceChange> changes, Time now, Outcome& outcome) {
  // All states first: the alert of one service may name another.
  std::vector<std::optional<TrackedService>> before;
  std::vector<ServiceName> come;
  std::vector<ServiceName> gone;
  for (const auto& change : changes) {
    if (change.is_new) come.push_back(change.name);
    if (change.forgotten) gone.push_back(change.name);
  }
  services_.add(come);
  for (const auto& change : changes) {
    auto& known = services_[change.name];
    before.push_back(change.is_new ? std::nullopt : std::optional(known.tracked));
    if (auto read = details_of_others_.extract(change.name))
      known.details = std::move(read.mapped());
    known.tracked = change.next;
    known.rests = false;
  }
  for (std::size_t i = 0; i < changes.size(); i++) {
    auto& change = changes[i];
    const auto* watched = find_entry(change.name);
    const auto* previous = before[i] ? &*before[i] : nullptr;
    if (watched != nullptr && change.transition)
      review_service(change.name, *watched, previous, change.next, change.transition, now, outcome);
    if (change.forgotten && previous != nullptr) end_alert(change.name, *previous, now, outcome);
    keep(std::move(change), previous, outcome);
  }
  services_.erase(gone);
}

void MonitoredHost::review_service(const ServiceName& name, const WatchedService& watched,
                                   const TrackedService* previous, TrackedService& service,
                                   const std::optional<Transition>& decided, Time now,
                                   Outcome& outcome) {
  const auto known = details(name);
  const ReviewedService of{watched, known.get(), rules_.services.is_exact(name)};
  for (auto& draft :
       tocsin::review(previous, service, decided, of, circumstances(name, now), now)) {
    outcome.alerts.push_back(make_alert(name, service, watched, std::move(draft), now));
  }
}

void MonitoredHost::end_alert(const ServiceName& name, const TrackedService& service, Time now,
                              Outcome& outcome) const {
  if (!fires(service)) return;
  const auto* watched = find_entry(name);
  outcome.alerts.push_back(make_alert(
      name, service, watched != nullptr ? *watched : WatchedService{},
      {.transition = end_unmonitored(service, kUnmonitored), .suppressed = {}, .goes_on = true},
      now));
}

void MonitoredHost::keep(ServiceChange change, const TrackedService* previous, Outcome& outcome) {
  if (!change.forgotten) {
    auto& known = services_[change.name];
    known.tracked = change.next;
    if (previous != nullptr && change.next == *previous) return;
    known.rests = false;
    change.details = details(change.name);
  }
  if (previous != nullptr) change.seen_before = previous->seen.state;
  outcome.services.push_back(std::move(change));
}

void MonitoredHost::review_open(Time now, Outcome& outcome) {
  for (const auto& service : services_) {
    const auto* watched = find_open(service);
    if (watched == nullptr) continue;
    const auto before = service.tracked;
    auto next = before;
    review_service(service.name, *watched, &before, next, std::nullopt, now, outcome);
    keep({.name = service.name, .next = std::move(next)}, &before, outcome);
  }
}

Alert MonitoredHost::make_alert(const ServiceName& service, const TrackedService& tracked,
                                const WatchedService& watched, AlertDraft draft, Time now) const {
  auto& transition = draft.transition;
  const bool is_unmonitored = transition.kind == TransitionKind::unmonitored;
  Alert alert{.at = now,
              .kind = transition.kind,
              .host = name_,
              .status = tracked.seen,
              .from = transition.from,
              .to = transition.to,
              .previous_since = transition.from_since,
              .reason = std::move(transition.reason),
              .expected = watched.policy.expected,
              .severity = watched.policy.severity,
              .set = watched.set,
              .suppressed = std::move(draft.suppressed),
              .reminder = draft.reminder,
              .across_hosts = draft.across_hosts || is_unmonitored,
              .for_notified = draft.for_notified || is_unmonitored,
              .over_already = draft.over_already,
              .goes_on = draft.goes_on};
  if (alert.reason.empty()) alert.reason = row_of(alert.kind).reason;
  if (const auto known = details(service)) alert.details = *known;
  std::tie(alert.service, alert.friendly_name) = names_of(service);
  if (!is_resolved(alert) && tracked.settled != ServiceState::running) {
    alert.root_cause = find_cause(service);
    if (!alert.root_cause.empty())
      alert.reason = join_reasons(alert.reason,
                                  "it needs " + alert.root_cause.text() + ", which does not run");
  }
  if (const auto* done = recovery_ && !is_unmonitored ? recovery_(service) : nullptr) {
    const bool is_end = is_resolved(alert);
    const auto bad_since = tracked.stuck ? tracked.since : tracked.settled_since;
    alert.recovery = recovery_text(*done, watched.policy.recovery, is_end,
                                   is_end ? alert.previous_since : bad_since);
    alert.reason = join_reasons(alert.reason, alert.recovery);
  }
  return alert;
}

Alert MonitoredHost::make_alert(AlertDraft draft, Time now) const {
  auto& transition = draft.transition;
  return {.at = now,
          .kind = transition.kind,
          .host = name_,
          .from = transition.from,
          .to = transition.to,
          .previous_since = transition.from_since,
          .reason = std::move(transition.reason),
          .severity = rules_.policy.severity,
          .suppressed = std::move(draft.suppressed),
          .reminder = draft.reminder,
          .across_hosts = true,
          .for_notified = transition.kind == TransitionKind::unmonitored,
          .goes_on = draft.goes_on};
}

std::string MonitoredHost::what_is_wrong() const {
  constexpr std::size_t kMostNamed = 10;
  std::string names;
  std::size_t count = 0;
  for (const auto& service : services_) {
    const auto* watched = find_entry(service);
    if (watched == nullptr || is_expected(service.tracked.settled, watched->policy.expected))
      continue;
    if (count++ >= kMostNamed) continue;
    names.append(count == 1 ? "" : ", ").append(names_of(service.name).first.text());
  }
  if (count == 0) return "all its watched services are as expected";
  if (count > kMostNamed) names += " and " + std::to_string(count - kMostNamed) + " more";
  return "not as expected: " + names;
}

ServiceName MonitoredHost::find_cause(const ServiceName& service) const {
  ServiceName cause;
  std::set<ServiceName> passed{service};
  for (auto at = service;;) {
    const auto known = details(at);
    if (!known) return cause;
    const auto next = std::ranges::find_if(known->dependencies, [&](const std::string& text) {
      const auto* needed = services_.find(ServiceName(text));
      return needed != nullptr && needed->tracked.settled != ServiceState::running &&
             needed->tracked.settled != ServiceState::unknown;
    });
    if (next == known->dependencies.end()) return cause;
    at = ServiceName(*next);
    if (!passed.insert(at).second) return cause;  // they depend on each other
    cause = at;
  }
}

}  // namespace tocsin
