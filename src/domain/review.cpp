#include "domain/review.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string_view>
#include <utility>

#include "domain/notified.h"

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
        suppressions_(service, of, circumstances, now),
        now_(now) {
    service_.changes.forget_until(now - policy_.flapping.window);
  }

  std::vector<AlertDraft> of_decided(const Transition& decided, const TrackedService* previous);
  std::vector<AlertDraft> of_time();
  [[nodiscard]] Time next() const;
  [[nodiscard]] std::optional<WaitingAlert> waiting() const;

 private:
  /// Remembers what a storm suppresses, and when that is over.
  void note_storm(const Transition& decided, const TrackedService* previous);
  void forget_storm();
  std::vector<AlertDraft> of_storm();
  [[nodiscard]] Transition end_exempt(std::string reason) const;
  [[nodiscard]] bool follows_normal_end(const Transition& decided) const;
  AlertDraft notify(Transition transition);
  /// The same of what something suppressed up to now.
  AlertDraft notify_late(Transition transition);
  std::vector<AlertDraft> begin_flapping(const Transition& decided);
  std::vector<AlertDraft> of_flapping();
  /// Until when it is not yet bad for long enough; a past time: it is.
  [[nodiscard]] Time bad_from() const;
  /// When a service that flaps has settled.
  [[nodiscard]] Time calm_from() const;
  /// Whether tocsin has given up the service since that was notified last.
  [[nodiscard]] bool is_given_up() const;
  std::vector<AlertDraft> remind_when_due();
  [[nodiscard]] Time next_reminder() const;

  TrackedService& service_;
  const ReviewedService& of_;
  const Policy& policy_;
  const Circumstances& circumstances_;
  Suppressions suppressions_;
  Time now_;
};

Transition Review::end_exempt(std::string reason) const {
  auto end = end_unmonitored(service_, std::move(reason));
  end.to = service_.settled;
  return end;
}

void Review::forget_storm() {
  service_.storm_state = ServiceState::unknown;
  service_.storm_lasted = {};
}

void Review::note_storm(const Transition& decided, const TrackedService* previous) {
  if (!is_change_of_state(decided.kind)) return;
  if (!is_good(decided, policy_.expected)) {
    forget_storm();
    if (!suppressions_.but_storm(decided) && suppressions_.storm(decided))
      service_.storm_state = decided.to;
    return;
  }
  if (service_.storm_state == ServiceState::unknown || is_over_in_storm(service_)) return;
  const auto lasted = now_ - decided.from_since;
  const bool within_grace =
      previous == nullptr || previous->checks < policy_.grace.checks || lasted < policy_.grace.time;
  if (within_grace) return forget_storm();
  using Lasted = decltype(service_.storm_lasted);
  service_.storm_lasted = std::clamp<Duration>(lasted, Lasted(1), Lasted::max());
}

/// What a storm suppressed is notified in any case: here, what is over by now.
std::vector<AlertDraft> Review::of_storm() {
  const auto state = service_.storm_state;
  Transition end{
      kind_of_settled(service_.settled), state, service_.settled_since - service_.storm_lasted,
      service_.settled,
      "was " + in_lower_case(to_string(state)) + " for " + length_text(service_.storm_lasted)};
  forget_storm();
  if (suppressions_.but_storm(
          {kind_of_settled(state), service_.settled, service_.settled_since, state, {}}))
    return {};
  auto draft = notify(std::move(end));
  draft.over_already = true;
  return {std::move(draft)};
}

/// Whether it is the next start of what has ended as it should: a job, which does not flap.
bool Review::follows_normal_end(const Transition& decided) const {
  const bool may_end =
      !policy_.quiet_exit_codes.empty() || (of_.details != nullptr && of_.details->trigger_start);
  return may_end && !service_.flapping && decided.from == ServiceState::stopped &&
         is_good(decided, policy_.expected) && service_.notified.settled != ServiceState::stopped;
}

AlertDraft Review::notify(Transition transition) {
  forget_storm();
  const bool ends = ends_well(transition.kind, transition.to, policy_.expected);
  const bool goes_on = fires(service_);
  const Time firing_since = ends ? Time{} : goes_on ? service_.notified.firing_since : now_;
  const bool first_sight = service_.first_sight;
  const bool after_first_sight = service_.notified.first_sight;
  service_.first_sight = false;
  service_.waits_with_others = false;
  service_.notified = {.settled = service_.settled,
                       .stuck = service_.stuck,
                       .denied = service_.denied,
                       .from = transition.from,
                       .first_sight = first_sight || (after_first_sight && !ends),
                       .since = now_,
                       .at = now_,
                       .firing_since = firing_since};
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

Time Review::bad_from() const {
  const auto since = service_.stuck || service_.denied ? service_.since : service_.settled_since;
  return since + policy_.flapping.bad_for;
}

Time Review::calm_from() const {
  const auto most = policy_.flapping.stop;
  if (service_.changes.size() <= most) return now_;
  return service_.changes.times()[service_.changes.size() - most - 1] + policy_.flapping.window;
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
  auto bad = bad_state(service_);
  if (const auto exempt = calm ? suppressions_.exemption(bad) : std::nullopt) {
    settle();
    return {notify(end_exempt(exempt->reason))};
  }
  if (suppressions_.find(bad)) {
    service_.waits_with_others = suppressions_.ends_for_many();
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

bool Review::is_given_up() const {
  const auto* known = circumstances_.recovery;
  return known != nullptr && fires(service_) && is_bad(service_, policy_) &&
         is_spent(*known, policy_.recovery) && known->ended > service_.notified.at;
}

std::vector<AlertDraft> Review::remind_when_due() {
  const bool is_due =
      is_repeated(service_, policy_) && now_ >= service_.notified.at + policy_.repeat_every;
  if (!is_due && !is_given_up()) return {};
  auto again = remind(service_, policy_, now_);
  if (suppressions_.of_reminder(again)) return {};
  service_.notified.at = now_;
  service_.notified.reminders++;
  return {{.transition = std::move(again),
           .suppressed = {},
           .reminder = service_.notified.reminders,
           .across_hosts = true,
           .goes_on = true}};
}

Time Review::next_reminder() const {
  const bool given_up = is_given_up();
  if (!given_up && !is_repeated(service_, policy_)) return Time::max();
  const auto due = given_up ? now_ : service_.notified.at + policy_.repeat_every;
  const auto suppressed = suppressions_.of_reminder(remind(service_, policy_, now_));
  return suppressed ? std::max(due, suppressed->until) : due;
}

std::vector<AlertDraft> Review::of_decided(const Transition& decided,
                                           const TrackedService* previous) {
  note_storm(decided, previous);
  const auto lasting = suppressions_.lasting(decided);
  const auto& limits = policy_.flapping;
  if (!lasting && limits.start > 0 && is_change_of_state(decided.kind) &&
      decided.from != ServiceState::unknown && !follows_normal_end(decided)) {
    service_.changes.add(now_);
    if (!service_.flapping && service_.changes.size() >= limits.start)
      return begin_flapping(decided);
  }
  if (service_.flapping) return {{.transition = decided, .suppressed = "it flaps"}};
  if (const auto suppressed = lasting ? lasting : suppressions_.grace(decided)) {
    service_.waits_with_others = suppressions_.ends_for_many();
    return {{.transition = decided, .suppressed = suppressed->reason}};
  }
  if (previous != nullptr && is_notified(*previous)) return {notify(decided)};
  auto late = catch_up(service_, policy_);
  if (!late && is_over_in_storm(service_)) {
    if (circumstances_.storm)
      return {{.transition = decided, .suppressed = circumstances_.storm->reason}};
    if (auto over = of_storm(); !over.empty()) return over;
  }
  if (!late || (is_good(*late, policy_.expected) && suppressions_.between_expected(*late)))
    return {{.transition = decided, .suppressed = "over before anybody was notified"}};
  return {notify(*std::move(late))};
}

std::vector<AlertDraft> Review::of_time() {
  if (circumstances_.outage) return {};
  if (const auto lapsed = suppressions_.lapse()) return {notify(end_exempt(lapsed->reason))};
  if (service_.flapping) return of_flapping();
  if (auto late = catch_up(service_, policy_)) {
    if (suppressions_.find(*late)) {
      service_.waits_with_others |= suppressions_.ends_for_many();
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
  if (suppressions_.lapse()) return now_;
  if (service_.flapping) {
    const auto calm = calm_from();
    if (!is_bad(service_, policy_) || (service_.flapping_bad && calm > now_))
      return std::min(calm, next_reminder());
    const auto bad = bad_state(service_);
    if (suppressions_.exemption(bad)) return calm;
    const auto suppressed = suppressions_.find(bad);
    return std::max(std::min(calm, bad_from()), suppressed ? suppressed->until : now_);
  }
  if (const auto late = catch_up(service_, policy_)) {
    const auto suppressed = suppressions_.find(*late);
    return suppressed ? suppressed->until : now_;
  }
  if (is_over_in_storm(service_)) return circumstances_.storm ? circumstances_.storm->until : now_;
  return next_reminder();
}

std::optional<WaitingAlert> Review::waiting() const {
  if (service_.flapping) {
    const bool bad = is_bad(service_, policy_) && !service_.flapping_bad;
    return WaitingAlert{bad ? bad_state(service_).kind : steady, {"it flaps", next()}};
  }
  if (const auto late = catch_up(service_, policy_)) {
    const auto suppressed = suppressions_.find(*late);
    return suppressed ? std::optional(WaitingAlert{late->kind, *suppressed}) : std::nullopt;
  }
  if (is_over_in_storm(service_) && circumstances_.storm)
    return WaitingAlert{kind_of_settled(service_.settled), *circumstances_.storm};
  if (!is_repeated(service_, policy_)) return std::nullopt;
  const auto again = remind(service_, policy_, now_);
  const auto due = service_.notified.at + policy_.repeat_every;
  const auto suppressed = suppressions_.of_reminder(again);
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
