#include "domain/review.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

using enum TransitionKind;

bool is_change_of_state(TransitionKind kind) {
  return kind == started || kind == stopped || kind == paused || kind == restarted ||
         kind == vanished;
}

/// What people must be told to know what is; nothing when they know.
std::optional<Transition> catch_up(const TrackedService& service) {
  const auto& told = service.told;
  if (service.denied && !told.denied)
    return Transition{denied, told.settled, told.since, ServiceState::denied, {}};
  if (service.stuck && !told.stuck)
    return Transition{stuck, told.settled, told.since, service.seen.state, {}};
  if (service.stuck || service.denied) return std::nullopt;
  const bool changed = told.settled != service.settled && told.settled != ServiceState::unknown;
  if (changed || told.stuck) {
    return Transition{arrival(service.settled), told.settled, told.since, service.settled,
                      join_reasons(told.stuck ? "no longer stuck" : "", exit_reason(service.seen))};
  }
  if (told.denied)
    return Transition{visible, ServiceState::denied, told.since, service.settled, {}};
  return std::nullopt;
}

/// What people know already, once more.
Transition remind(const TrackedService& service, Time now) {
  const auto& told = service.told;
  Transition again{arrival(told.settled), told.from, service.settled_since, told.settled,
                   "still so after " + duration_text(now - told.since)};
  if (told.denied) {
    again.kind = denied;
    again.to = ServiceState::denied;
  } else if (told.stuck) {
    again.kind = stuck;
    again.to = service.seen.state;
  }
  return again;
}

/// Whether what people were told last is bad, and to be told again.
bool is_repeated(const Told& told, const Policy& policy) {
  return policy.repeat_every != Duration(0) &&
         (told.stuck || told.denied || !is_expected(told.settled, policy.expected));
}

class Review {
 public:
  Review(TrackedService& service, const ReviewedService& of, const Circumstances& circumstances,
         Time now)
      : service_(service),
        of_(of),
        policy_(of.watched.policy),
        circumstances_(circumstances),
        now_(now) {
    const auto old = [&](Time at) { return at > now || now - at >= policy_.flapping.window; };
    std::erase_if(service_.changes, old);
  }

  std::vector<News> of_fact(const Transition& fact, bool known_before);
  std::vector<News> of_time();
  [[nodiscard]] Time next() const;

 private:
  [[nodiscard]] std::optional<Hold> hold(const Transition& transition) const {
    auto held = lasting_hold(transition);
    return held ? held : grace(transition);
  }
  /// All that holds it back but that it is so new.
  [[nodiscard]] std::optional<Hold> lasting_hold(const Transition& transition) const;
  [[nodiscard]] std::optional<Hold> normal_end(const Transition& transition) const;
  [[nodiscard]] std::optional<Hold> boot() const;
  [[nodiscard]] std::optional<Hold> grace(const Transition& transition) const;
  News tell(Transition transition);
  std::vector<News> begin_flapping(const Transition& fact);

  TrackedService& service_;
  const ReviewedService& of_;
  const Policy& policy_;
  const Circumstances& circumstances_;
  Time now_;
};

std::optional<Hold> Review::lasting_hold(const Transition& transition) const {
  if (circumstances_.silence) return circumstances_.silence;
  if (circumstances_.outage) return circumstances_.outage;
  if (auto held = standing_hold(of_.watched, transition.kind)) return held;
  if (is_good(transition, policy_.expected)) return std::nullopt;
  if (auto held = normal_end(transition)) return held;
  if (auto held = boot()) return held;
  return circumstances_.storm;
}

std::optional<Hold> Review::normal_end(const Transition& transition) const {
  if (transition.kind != stopped) return std::nullopt;
  const auto code = exit_code(service_.seen);
  if (std::ranges::find(policy_.quiet_exit_codes, code) != policy_.quiet_exit_codes.end())
    return Hold{"exit code " + std::to_string(code) + " is a normal end"};
  const bool exempt = policy_.trigger_start == TriggerStart::exempt ||
                      (policy_.trigger_start == TriggerStart::by_name && !of_.named);
  if (exempt && code == 0 && of_.details != nullptr && of_.details->trigger_start)
    return Hold{"it is started by events, and has ended in good order"};
  return std::nullopt;
}

std::optional<Hold> Review::boot() const {
  if (circumstances_.booted_at == Time{} || circumstances_.booted_at > now_) return std::nullopt;
  const bool delayed =
      of_.details != nullptr && of_.details->start_mode == StartMode::automatic_delayed;
  const auto until =
      circumstances_.booted_at +
      (delayed ? std::max(policy_.delayed_start_grace, policy_.boot_grace) : policy_.boot_grace);
  if (now_ >= until) return std::nullopt;
  return Hold{"its host has just started", until};
}

std::optional<Hold> Review::grace(const Transition& transition) const {
  if (!is_change_of_state(transition.kind) || transition.kind == restarted ||
      is_good(transition, policy_.expected))
    return std::nullopt;
  const auto until = service_.settled_since + policy_.grace.time;
  // A clock set back must not make the wait longer by as much.
  if (now_ < until && service_.settled_since <= now_)
    return Hold{"not yet for " + duration_text(policy_.grace.time), until};
  if (service_.looks < policy_.grace.looks)
    return Hold{"not yet seen " + std::to_string(policy_.grace.looks) + " times"};
  return std::nullopt;
}

News Review::tell(Transition transition) {
  service_.told = {.settled = service_.settled,
                   .stuck = service_.stuck,
                   .denied = service_.denied,
                   .from = transition.from,
                   .since = now_,
                   .at = now_};
  return {.transition = std::move(transition), .held = {}};
}

std::vector<News> Review::begin_flapping(const Transition& fact) {
  service_.flapping = true;
  auto reason = std::to_string(service_.changes.size()) + " changes within " +
                duration_text(policy_.flapping.window) +
                "; the next word comes when it has settled";
  Transition flaps{flapping, service_.told.settled, service_.told.since, service_.settled,
                   std::move(reason)};
  return {{.transition = fact, .held = "it flaps"}, tell(std::move(flaps))};
}

std::vector<News> Review::of_fact(const Transition& fact, bool known_before) {
  const auto lasting = lasting_hold(fact);
  const auto& limits = policy_.flapping;
  if (!lasting && limits.start > 0 && is_change_of_state(fact.kind)) {
    service_.changes.push_back(now_);
    if (!service_.flapping && service_.changes.size() >= limits.start) return begin_flapping(fact);
  }
  if (service_.flapping) return {{.transition = fact, .held = "it flaps"}};
  if (const auto held = lasting ? lasting : grace(fact))
    return {{.transition = fact, .held = held->why}};
  if (known_before) return {tell(fact)};
  auto late = catch_up(service_);
  if (!late) return {{.transition = fact, .held = "over before anybody was told"}};
  return {tell(*std::move(late))};
}

std::vector<News> Review::of_time() {
  if (service_.flapping) {
    if (service_.changes.size() > policy_.flapping.stop) return {};
    service_.flapping = false;
    Transition calm{steady, service_.told.settled, service_.told.since, service_.settled,
                    "it has settled"};
    if (const auto held = lasting_hold(calm); held && circumstances_.silence)
      return {{.transition = calm, .held = held->why}};
    return {tell(std::move(calm))};
  }
  if (auto late = catch_up(service_)) {
    if (hold(*late)) return {};
    late->reason = join_reasons(late->reason,
                                "for " + duration_text(now_ - service_.settled_since) + " by now");
    return {tell(*std::move(late))};
  }
  if (!is_repeated(service_.told, policy_)) return {};
  if (now_ < service_.told.at + policy_.repeat_every) return {};
  auto again = remind(service_, now_);
  if (lasting_hold(again)) return {};
  service_.told.at = now_;
  service_.told.reminders++;
  return {{.transition = std::move(again), .held = {}, .reminder = service_.told.reminders}};
}

Time Review::next() const {
  if (service_.flapping) {
    const auto most = policy_.flapping.stop;
    if (service_.changes.size() <= most) return now_;
    return service_.changes[service_.changes.size() - most - 1] + policy_.flapping.window;
  }
  if (const auto late = catch_up(service_)) {
    const auto held = hold(*late);
    return held ? held->until : now_;
  }
  if (!is_repeated(service_.told, policy_)) return Time::max();
  const auto due = service_.told.at + policy_.repeat_every;
  const auto held = lasting_hold(remind(service_, now_));
  return held ? std::max(due, held->until) : due;
}

}  // namespace

std::vector<News> review(const TrackedService* previous, TrackedService& service,
                         const std::optional<Transition>& fact, const ReviewedService& of,
                         const Circumstances& circumstances, Time now) {
  Review review(service, of, circumstances, now);
  if (fact) return review.of_fact(*fact, previous != nullptr && is_told(*previous));
  return review.of_time();
}

std::optional<Hold> standing_hold(const WatchedService& watched, TransitionKind kind) {
  if (kind == vanished || !is_change_of_state(kind)) return std::nullopt;
  if (!watched.cluster.empty())
    return Hold{"the rule of the cluster " + watched.cluster + " decides"};
  if (watched.policy.expected == Expected::any) return Hold{"any state of it is expected"};
  return std::nullopt;
}

bool is_told(const TrackedService& service) {
  const auto& told = service.told;
  return told.settled == service.settled && told.stuck == service.stuck &&
         told.denied == service.denied;
}

bool is_open(const TrackedService& service, const Policy& policy) {
  return service.flapping || !is_told(service) || is_repeated(service.told, policy);
}

Time next_review(const TrackedService& service, const ReviewedService& of,
                 const Circumstances& circumstances, Time now) {
  if (!is_open(service, of.watched.policy)) return Time::max();
  TrackedService copy = service;
  return Review(copy, of, circumstances, now).next();
}

}  // namespace tocsin
