#include "domain/review.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

using enum TransitionKind;

std::string in_lower_case(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return text;
}

/// What lasts for less is said to be no time at all.
constexpr Duration kWorthSaying = std::chrono::seconds(1);

std::string length_text(Duration length) {
  return length < kWorthSaying ? "less than 1 s" : duration_text(length);
}

bool is_change_of_state(TransitionKind kind) {
  return kind == started || kind == stopped || kind == paused || kind == overrun ||
         kind == restarted || kind == vanished;
}

/// What must be notified so that people know the present state; nothing when they know it.
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

/// Whether a storm has suppressed what is over by now.
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

/// The reminder of what was notified.
Transition remind(const TrackedService& service, const Policy& policy, Time now) {
  const auto& notified = service.notified;
  Transition again{kind_of_settled(notified.settled), notified.from, service.settled_since,
                   notified.settled, "still so after " + duration_text(now - notified.since)};
  const bool stays_bad =
      service.flapping_bad && is_bad(service, policy) && is_present_notified(service);
  if (service.flapping && !stays_bad) {
    again.kind = flapping;
    again.to = service.settled;
  } else if (notified.denied) {
    again.kind = denied;
    again.to = ServiceState::denied;
  } else if (notified.stuck) {
    again.kind = stuck;
    again.to = service.seen.state;
  }
  return again;
}

/// Whether an alert fires, and reminders of it are wanted.
bool is_repeated(const TrackedService& service, const Policy& policy) {
  return policy.repeat_every != Duration(0) && fires(service);
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

  std::vector<AlertDraft> of_decided(const Transition& decided, const TrackedService* previous);
  std::vector<AlertDraft> of_time();
  [[nodiscard]] Time next() const;
  [[nodiscard]] std::optional<WaitingAlert> waiting() const;

 private:
  [[nodiscard]] std::optional<Suppression> suppression_of(const Transition& transition) const {
    auto suppressed = lasting_suppression(transition);
    return suppressed ? suppressed : grace(transition);
  }
  /// Every suppression but grace.
  [[nodiscard]] std::optional<Suppression> reminder_suppression(const Transition& again) const {
    auto suppressed = lasting_suppression(again);
    return suppressed ? suppressed : circumstances_.acknowledged;
  }
  /// Whether it ends what was notified.
  [[nodiscard]] bool ends_notified(const Transition& transition) const {
    return fires(service_) && ends_well(transition.kind, transition.to, policy_.expected);
  }
  [[nodiscard]] std::optional<Suppression> lasting_suppression(const Transition& transition) const {
    auto suppressed = suppression_but_storm(transition);
    return suppressed ? suppressed : storm(transition);
  }
  [[nodiscard]] std::optional<Suppression> suppression_but_storm(
      const Transition& transition) const;
  [[nodiscard]] std::optional<Suppression> storm(const Transition& transition) const;
  /// Remembers what a storm suppresses, and when that is over.
  void note_storm(const Transition& decided, const TrackedService* previous);
  void forget_storm();
  std::vector<AlertDraft> of_storm();
  /// Of a good transition: whether what was before it, and was notified before it, is good too.
  [[nodiscard]] std::optional<Suppression> between_expected(const Transition& transition) const;
  [[nodiscard]] std::optional<Suppression> normal_end(const Transition& transition) const;
  /// Why the rules say nothing of it, for as long as they are as they are.
  [[nodiscard]] std::optional<Suppression> exemption(const Transition& transition) const;
  /// Whether what was notified last is what should be.
  [[nodiscard]] bool is_good_notified() const;
  /// What ends the alert that fires of what is wrong no more, though the service has not changed:
  /// the rules have.
  [[nodiscard]] std::optional<Transition> lapse() const;
  [[nodiscard]] Transition end_exempt(std::string reason) const;
  [[nodiscard]] bool follows_normal_end(const Transition& decided) const;
  [[nodiscard]] std::optional<Suppression> boot() const;
  [[nodiscard]] std::optional<Suppression> grace(const Transition& transition) const;
  AlertDraft notify(Transition transition);
  /// The same of what something suppressed up to now.
  AlertDraft notify_late(Transition transition);
  /// Whether the suppression of an alert ends for many at once.
  [[nodiscard]] bool waits_with_others() const { return circumstances_.silence || boot(); }
  std::vector<AlertDraft> begin_flapping(const Transition& decided);
  std::vector<AlertDraft> of_flapping();
  /// What is wrong with a service that flaps.
  [[nodiscard]] Transition bad_state() const;
  /// Until when it is not yet bad for long enough; a past time: it is.
  [[nodiscard]] Time bad_from() const;
  /// When a service that flaps has settled.
  [[nodiscard]] Time calm_from() const;
  std::vector<AlertDraft> remind_when_due();
  [[nodiscard]] Time next_reminder() const;

  TrackedService& service_;
  const ReviewedService& of_;
  const Policy& policy_;
  const Circumstances& circumstances_;
  Time now_;
};

std::optional<Suppression> Review::suppression_but_storm(const Transition& transition) const {
  const bool is_end = ends_notified(transition);
  if (circumstances_.silence && !is_end) return circumstances_.silence;
  if (circumstances_.outage) return circumstances_.outage;
  if (is_end) return std::nullopt;
  auto exempt = exemption(transition);
  return exempt || is_good(transition, policy_.expected) ? exempt : boot();
}

std::optional<Suppression> Review::exemption(const Transition& transition) const {
  if (auto always = standing_suppression(of_.watched, transition.kind)) return always;
  return is_good(transition, policy_.expected) ? between_expected(transition)
                                               : normal_end(transition);
}

bool Review::is_good_notified() const {
  const auto& notified = service_.notified;
  return !notified.stuck && !notified.denied && is_expected(notified.settled, policy_.expected);
}

/// What is on its way is judged when it has settled: until then its exit code is not known.
std::optional<Transition> Review::lapse() const {
  const bool is_settled =
      !service_.stuck && !service_.denied && service_.seen.state == service_.settled;
  if (!fires(service_) || service_.flapping || !is_settled) return std::nullopt;
  if (is_good_notified() && is_expected(service_.settled, policy_.expected))
    return end_exempt("it is expected to be so now");
  const auto& notified = service_.notified;
  const auto exempt = exemption(
      {kind_of_settled(service_.settled), notified.settled, notified.since, service_.settled, {}});
  return exempt ? std::optional(end_exempt(exempt->reason)) : std::nullopt;
}

Transition Review::end_exempt(std::string reason) const {
  auto end = end_unmonitored(service_, std::move(reason));
  end.to = service_.settled;
  return end;
}

std::optional<Suppression> Review::storm(const Transition& transition) const {
  if (service_.first_sight || is_good(transition, policy_.expected) ||
      ends_well(transition.kind, transition.to, policy_.expected))
    return std::nullopt;
  return circumstances_.storm;
}

void Review::forget_storm() {
  service_.storm_state = ServiceState::unknown;
  service_.storm_lasted = Duration(0);
}

void Review::note_storm(const Transition& decided, const TrackedService* previous) {
  if (!is_change_of_state(decided.kind)) return;
  if (!is_good(decided, policy_.expected)) {
    forget_storm();
    if (!suppression_but_storm(decided) && storm(decided)) service_.storm_state = decided.to;
    return;
  }
  if (service_.storm_state == ServiceState::unknown || is_over_in_storm(service_)) return;
  const auto lasted = now_ - decided.from_since;
  const bool within_grace =
      previous == nullptr || previous->checks < policy_.grace.checks || lasted < policy_.grace.time;
  if (within_grace) return forget_storm();
  service_.storm_lasted = std::max(lasted, Duration(1));
}

/// What a storm suppressed is notified in any case: here, what is over by now.
std::vector<AlertDraft> Review::of_storm() {
  const auto state = service_.storm_state;
  Transition end{
      kind_of_settled(service_.settled), state, service_.settled_since - service_.storm_lasted,
      service_.settled,
      "was " + in_lower_case(to_string(state)) + " for " + length_text(service_.storm_lasted)};
  forget_storm();
  if (suppression_but_storm(
          {kind_of_settled(state), service_.settled, service_.settled_since, state, {}}))
    return {};
  auto draft = notify(std::move(end));
  draft.over_already = true;
  return {std::move(draft)};
}

std::optional<Suppression> Review::between_expected(const Transition& transition) const {
  const bool was_good = is_good_notified() && is_expected(transition.from, policy_.expected);
  if (!was_good || !is_change_of_state(transition.kind) || transition.from == transition.to)
    return std::nullopt;
  return Suppression{"both states of it are expected"};
}

std::optional<Suppression> Review::normal_end(const Transition& transition) const {
  if (transition.kind != stopped) return std::nullopt;
  const auto code = exit_code(service_.seen);
  if (std::ranges::find(policy_.quiet_exit_codes, code) != policy_.quiet_exit_codes.end())
    return Suppression{"exit code " + std::to_string(code) + " is a normal end"};
  const bool exempt = policy_.trigger_start == TriggerStart::exempt ||
                      (policy_.trigger_start == TriggerStart::by_name && !of_.named);
  // Its host may never have needed it: then the code says that it was never started.
  const bool in_order = exit_reason(service_.seen).empty();
  if (exempt && in_order && of_.details != nullptr && of_.details->trigger_start)
    return Suppression{"it is started by events, and has ended in good order"};
  return std::nullopt;
}

/// Whether it is the next start of what has ended as it should: a job, which does not flap.
bool Review::follows_normal_end(const Transition& decided) const {
  const bool may_end =
      !policy_.quiet_exit_codes.empty() || (of_.details != nullptr && of_.details->trigger_start);
  return may_end && !service_.flapping && decided.from == ServiceState::stopped &&
         is_good(decided, policy_.expected) && service_.notified.settled != ServiceState::stopped;
}

std::optional<Suppression> Review::boot() const {
  if (service_.first_sight) return std::nullopt;  // the host's start explains none of it
  if (circumstances_.booted_at == Time{} || circumstances_.booted_at > now_) return std::nullopt;
  const bool delayed =
      of_.details != nullptr && of_.details->start_mode == StartMode::automatic_delayed;
  const auto until =
      circumstances_.booted_at +
      (delayed ? std::max(policy_.delayed_start_grace, policy_.boot_grace) : policy_.boot_grace);
  if (now_ >= until) return std::nullopt;
  return Suppression{"its host has just started", until};
}

std::optional<Suppression> Review::grace(const Transition& transition) const {
  if (!is_change_of_state(transition.kind) || transition.kind == restarted ||
      is_good(transition, policy_.expected))
    return std::nullopt;
  const auto until = service_.settled_since + policy_.grace.time;
  // A clock set back must not make the wait longer by as much.
  if (now_ < until && service_.settled_since <= now_)
    return Suppression{"not yet for " + duration_text(policy_.grace.time), until};
  if (service_.checks < policy_.grace.checks)
    return Suppression{"not yet seen " + std::to_string(policy_.grace.checks) + " times"};
  return std::nullopt;
}

AlertDraft Review::notify(Transition transition) {
  forget_storm();
  const bool ends = ends_well(transition.kind, transition.to, policy_.expected);
  const bool goes_on = fires(service_);
  const Time firing_since = ends ? Time{} : goes_on ? service_.notified.firing_since : now_;
  const bool first_sight = std::exchange(service_.first_sight, false);
  const bool after_first_sight = service_.notified.first_sight;
  service_.waits_with_others = false;
  service_.notified = {.settled = service_.settled,
                       .stuck = service_.stuck,
                       .denied = service_.denied,
                       .from = transition.from,
                       .since = now_,
                       .at = now_,
                       .firing_since = firing_since,
                       .first_sight = first_sight || (after_first_sight && !ends)};
  return {.transition = std::move(transition),
          .suppressed = {},
          .across_hosts = first_sight,
          .for_notified = after_first_sight && ends,
          .goes_on = goes_on};
}

AlertDraft Review::notify_late(Transition transition) {
  const bool with_others = service_.waits_with_others;
  auto draft = notify(std::move(transition));
  draft.across_hosts |= with_others;
  return draft;
}

std::vector<AlertDraft> Review::begin_flapping(const Transition& decided) {
  service_.flapping = true;
  auto reason = std::to_string(service_.changes.size()) + " changes within " +
                duration_text(policy_.flapping.window) +
                "; the next notification follows when it has settled, or stays bad for " +
                duration_text(policy_.flapping.bad_for);
  Transition flaps{flapping, decided.from, decided.from_since, service_.settled, std::move(reason)};
  return {{.transition = decided, .suppressed = "it flaps"}, notify(std::move(flaps))};
}

Transition Review::bad_state() const {
  const auto& notified = service_.notified;
  Transition bad{kind_of_settled(service_.settled),
                 notified.settled == service_.settled ? notified.from : notified.settled,
                 notified.since, service_.settled, exit_reason(service_.seen)};
  if (service_.denied) {
    bad.kind = denied;
    bad.to = ServiceState::denied;
  } else if (service_.stuck) {
    bad.kind = stuck;
    bad.to = service_.seen.state;
  }
  return bad;
}

Time Review::bad_from() const {
  const auto since = service_.stuck || service_.denied ? service_.since : service_.settled_since;
  // A clock set back must not make the wait longer by as much.
  return since > now_ ? now_ : since + policy_.flapping.bad_for;
}

Time Review::calm_from() const {
  const auto most = policy_.flapping.stop;
  if (service_.changes.size() <= most) return now_;
  return service_.changes[service_.changes.size() - most - 1] + policy_.flapping.window;
}

/// Only good last words wait until it has settled.
std::vector<AlertDraft> Review::of_flapping() {
  const bool calm = calm_from() <= now_;
  const auto settle = [this] { service_.flapping = service_.flapping_bad = false; };
  if (!is_bad(service_, policy_)) {
    if (!calm) return remind_when_due();
    settle();
    return {notify({steady, service_.notified.settled, service_.notified.since, service_.settled,
                    "it has settled"})};
  }
  if (calm && service_.flapping_bad && is_present_notified(service_)) {
    settle();
    return {};
  }
  if (!calm && (service_.flapping_bad || bad_from() > now_)) return remind_when_due();
  auto bad = bad_state();
  if (const auto exempt = calm ? exemption(bad) : std::nullopt) {
    settle();
    return {notify(end_exempt(exempt->reason))};
  }
  if (suppression_of(bad)) {
    service_.waits_with_others = waits_with_others();
    return {};
  }
  if (calm) {
    settle();
    bad.reason = join_reasons(bad.reason, "it has settled");
  } else {
    service_.flapping_bad = true;
    bad.reason = join_reasons(
        bad.reason,
        "it flaps, for " + duration_text(now_ - bad_from() + policy_.flapping.bad_for) + " by now");
  }
  return {notify_late(std::move(bad))};
}

std::vector<AlertDraft> Review::remind_when_due() {
  if (!is_repeated(service_, policy_)) return {};
  if (now_ < service_.notified.at + policy_.repeat_every) return {};
  auto again = remind(service_, policy_, now_);
  if (reminder_suppression(again)) return {};
  service_.notified.at = now_;
  service_.notified.reminders++;
  return {{.transition = std::move(again),
           .suppressed = {},
           .reminder = service_.notified.reminders,
           .across_hosts = true,
           .goes_on = true}};
}

Time Review::next_reminder() const {
  if (!is_repeated(service_, policy_)) return Time::max();
  const auto due = service_.notified.at + policy_.repeat_every;
  const auto suppressed = reminder_suppression(remind(service_, policy_, now_));
  return suppressed ? std::max(due, suppressed->until) : due;
}

std::vector<AlertDraft> Review::of_decided(const Transition& decided,
                                           const TrackedService* previous) {
  note_storm(decided, previous);
  const auto lasting = lasting_suppression(decided);
  const auto& limits = policy_.flapping;
  if (!lasting && limits.start > 0 && is_change_of_state(decided.kind) &&
      decided.from != ServiceState::unknown && !follows_normal_end(decided)) {
    service_.changes.push_back(now_);
    if (!service_.flapping && service_.changes.size() >= limits.start)
      return begin_flapping(decided);
  }
  if (service_.flapping) return {{.transition = decided, .suppressed = "it flaps"}};
  if (const auto suppressed = lasting ? lasting : grace(decided)) {
    service_.waits_with_others = waits_with_others();
    return {{.transition = decided, .suppressed = suppressed->reason}};
  }
  if (previous != nullptr && is_notified(*previous)) return {notify(decided)};
  auto late = catch_up(service_, policy_);
  if (!late && is_over_in_storm(service_)) {
    if (circumstances_.storm)
      return {{.transition = decided, .suppressed = circumstances_.storm->reason}};
    if (auto over = of_storm(); !over.empty()) return over;
  }
  if (!late || (is_good(*late, policy_.expected) && between_expected(*late)))
    return {{.transition = decided, .suppressed = "over before anybody was notified"}};
  return {notify(*std::move(late))};
}

std::vector<AlertDraft> Review::of_time() {
  if (circumstances_.outage) return {};
  if (auto end = lapse()) return {notify(*std::move(end))};
  if (service_.flapping) return of_flapping();
  if (auto late = catch_up(service_, policy_)) {
    if (suppression_of(*late)) {
      service_.waits_with_others |= waits_with_others();
      return {};
    }
    const auto lasted = now_ - service_.settled_since;
    if (lasted >= kWorthSaying)
      late->reason = join_reasons(late->reason, "for " + duration_text(lasted) + " by now");
    return {notify_late(*std::move(late))};
  }
  if (is_over_in_storm(service_)) {
    if (circumstances_.storm) return {};
    return of_storm();
  }
  return remind_when_due();
}

Time Review::next() const {
  if (circumstances_.outage) return circumstances_.outage->until;
  if (lapse()) return now_;
  if (service_.flapping) {
    const auto calm = calm_from();
    if (!is_bad(service_, policy_) || (service_.flapping_bad && calm > now_))
      return std::min(calm, next_reminder());
    const auto bad = bad_state();
    if (exemption(bad)) return calm;
    const auto suppressed = suppression_of(bad);
    return std::max(std::min(calm, bad_from()), suppressed ? suppressed->until : now_);
  }
  if (const auto late = catch_up(service_, policy_)) {
    const auto suppressed = suppression_of(*late);
    return suppressed ? suppressed->until : now_;
  }
  if (is_over_in_storm(service_)) return circumstances_.storm ? circumstances_.storm->until : now_;
  return next_reminder();
}

std::optional<WaitingAlert> Review::waiting() const {
  if (service_.flapping) {
    const bool bad = is_bad(service_, policy_) && !service_.flapping_bad;
    return WaitingAlert{bad ? bad_state().kind : steady, {"it flaps", next()}};
  }
  if (const auto late = catch_up(service_, policy_)) {
    const auto suppressed = suppression_of(*late);
    return suppressed ? std::optional(WaitingAlert{late->kind, *suppressed}) : std::nullopt;
  }
  if (is_over_in_storm(service_) && circumstances_.storm)
    return WaitingAlert{kind_of_settled(service_.settled), *circumstances_.storm};
  if (!is_repeated(service_, policy_)) return std::nullopt;
  const auto again = remind(service_, policy_, now_);
  const auto due = service_.notified.at + policy_.repeat_every;
  const auto suppressed = reminder_suppression(again);
  if (suppressed) return WaitingAlert{again.kind, *suppressed};
  return WaitingAlert{again.kind, {"notified, a reminder is due later", due}};
}

}  // namespace

std::vector<AlertDraft> review(const TrackedService* previous, TrackedService& service,
                               const std::optional<Transition>& decided, const ReviewedService& of,
                               const Circumstances& circumstances, Time now) {
  Review review(service, of, circumstances, now);
  if (decided) return review.of_decided(*decided, previous);
  return review.of_time();
}

std::optional<Suppression> standing_suppression(const WatchedService& watched,
                                                TransitionKind kind) {
  if (kind == vanished || !is_change_of_state(kind)) return std::nullopt;
  if (!watched.cluster.empty())
    return Suppression{"the rule of the cluster " + watched.cluster + " decides"};
  if (watched.policy.expected.contains(ExpectedState::any))
    return Suppression{"any state of it is expected"};
  return std::nullopt;
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

std::optional<WaitingAlert> find_waiting(const TrackedService& service, const ReviewedService& of,
                                         const Circumstances& circumstances, Time now) {
  if (!is_open(service)) return std::nullopt;
  TrackedService copy = service;
  return Review(copy, of, circumstances, now).waiting();
}

Time next_review(const TrackedService& service, const ReviewedService& of,
                 const Circumstances& circumstances, Time now) {
  if (!is_open(service)) return Time::max();
  TrackedService copy = service;
  return Review(copy, of, circumstances, now).next();
}

}  // namespace tocsin
