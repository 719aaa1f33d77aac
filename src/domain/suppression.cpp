#include "domain/suppression.h"

#include <algorithm>
#include <string>

namespace tocsin {
namespace {

using enum TransitionKind;

}  // namespace

std::optional<Suppression> standing_suppression(const WatchedService& watched,
                                                TransitionKind kind) {
  if (kind == vanished || !is_change_of_state(kind)) return std::nullopt;
  if (!watched.cluster.empty())
    return Suppression{"the rule of the cluster " + watched.cluster + " decides"};
  if (watched.policy.expected.contains(ExpectedState::any))
    return Suppression{"any state of it is expected"};
  return std::nullopt;
}

std::optional<Suppression> boot_grace(const ReviewedService& of, Time booted_at, Time now) {
  if (booted_at == Time{}) return std::nullopt;
  const auto& policy = of.watched.policy;
  const bool delayed =
      of.details != nullptr && of.details->start_mode == StartMode::automatic_delayed;
  const auto until = booted_at + (delayed ? std::max(policy.delayed_start_grace, policy.boot_grace)
                                          : policy.boot_grace);
  if (now >= until) return std::nullopt;
  return Suppression{"its host has just started", until};
}

std::optional<Suppression> Suppressions::but_storm(const Transition& transition) const {
  const bool is_end = ends_notified(transition);
  if (circumstances_.silence && !is_end) return circumstances_.silence;
  if (circumstances_.outage) return circumstances_.outage;
  if (is_end) return std::nullopt;
  auto exempt = exemption(transition);
  return exempt || is_good(transition, policy_.expected) ? exempt : boot();
}

std::optional<Suppression> Suppressions::exemption(const Transition& transition) const {
  if (auto always = standing_suppression(of_.watched, transition.kind)) return always;
  return is_good(transition, policy_.expected) ? between_expected(transition)
                                               : normal_end(transition);
}

bool Suppressions::is_good_notified() const {
  const auto& notified = service_.notified;
  return !notified.stuck && !notified.denied && is_expected(notified.settled, policy_.expected);
}

/// What is on its way is judged when it has settled: until then its exit code is not known.
std::optional<Suppression> Suppressions::lapse() const {
  const bool is_settled =
      !service_.stuck && !service_.denied && service_.seen.state == service_.settled;
  if (!fires(service_) || service_.flapping || !is_settled) return std::nullopt;
  if (is_good_notified() && is_expected(service_.settled, policy_.expected))
    return Suppression{"this state is expected now"};
  const auto& notified = service_.notified;
  return exemption(
      {kind_of_settled(service_.settled), notified.settled, notified.since, service_.settled, {}});
}

std::optional<Suppression> Suppressions::storm(const Transition& transition) const {
  if (service_.first_sight || is_good(transition, policy_.expected) ||
      ends_well(transition.kind, transition.to, policy_.expected))
    return std::nullopt;
  return circumstances_.storm;
}

std::optional<Suppression> Suppressions::between_expected(const Transition& transition) const {
  const bool was_good = is_good_notified() && is_expected(transition.from, policy_.expected);
  if (!was_good || !is_change_of_state(transition.kind) || transition.from == transition.to)
    return std::nullopt;
  return Suppression{"both states of it are expected"};
}

std::optional<Suppression> Suppressions::normal_end(const Transition& transition) const {
  if (transition.kind != stopped) return std::nullopt;
  const auto code = exit_code(service_.seen);
  if (std::ranges::find(policy_.quiet_exit_codes, code) != policy_.quiet_exit_codes.end())
    return Suppression{"exit code " + std::to_string(code) + " is a normal end"};
  const bool exempt = policy_.trigger_start == TriggerStart::exempt ||
                      (policy_.trigger_start == TriggerStart::by_name && !of_.named);
  // Its host may never have needed it: then the code says that it was never started.
  const bool in_order = exit_reason(service_.seen).empty();
  if (exempt && in_order && of_.details != nullptr && of_.details->trigger_start)
    return Suppression{"it is started by events and ended normally"};
  return std::nullopt;
}

std::optional<Suppression> Suppressions::boot() const {
  if (service_.first_sight) return std::nullopt;  // the host's start explains none of it
  return boot_grace(of_, circumstances_.booted_at, now_);
}

std::optional<Suppression> Suppressions::grace(const Transition& transition) const {
  if (!is_change_of_state(transition.kind) || transition.kind == restarted ||
      is_good(transition, policy_.expected))
    return std::nullopt;
  const auto until = service_.settled_since + policy_.grace.time;
  if (now_ < until) return Suppression{"not yet for " + duration_text(policy_.grace.time), until};
  if (service_.checks < policy_.grace.checks)
    return Suppression{"not yet seen " + std::to_string(policy_.grace.checks) + " times"};
  return std::nullopt;
}

}  // namespace tocsin
