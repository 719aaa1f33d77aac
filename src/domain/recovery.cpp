#include "domain/recovery.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "domain/decide.h"
#include "domain/notified.h"
#include "domain/suppression.h"

namespace tocsin {
namespace {

/// What of the service recovery might mend, and since when it is so.
struct Broken {
  RecoverWhen when{};
  Time since{};
};

/// Not what is missing, denied, paused or on its way.
std::optional<Broken> find_broken(const TrackedService& service, const Policy& policy) {
  if (service.denied) return std::nullopt;
  if (service.stuck)
    return Broken{RecoverWhen::stuck, service.progress_at + patience(service.seen, policy)};
  const bool stopped =
      service.settled == ServiceState::stopped && service.seen.state == ServiceState::stopped;
  if (!stopped || is_expected(ServiceState::stopped, policy.expected)) return std::nullopt;
  return Broken{RecoverWhen::stopped, service.settled_since};
}

/// Why nobody wants it to be started, whatever time it is.
std::string find_objection(const TrackedService& service, const ReviewedService& of,
                           RecoverWhen broken) {
  const auto& recovery = of.watched.policy.recovery;
  if (broken == RecoverWhen::stopped && exit_reason(service.seen).empty()) {
    if (!recovery.clean_exit) return "it has stopped without an error";
    if (of.details != nullptr && of.details->trigger_start)
      return "it is started by events and ended normally";
  }
  if (of.details == nullptr || of.details->start_mode == StartMode::unknown)
    return "its start mode is not known yet";
  if (of.details->start_mode == StartMode::disabled) return "it is disabled";
  if (is_present_notified(service) && !fires(service))
    return "it was so at first sight, which was no alert";
  return {};
}

Duration wait_before(std::size_t attempt, const RecoveryPolicy& recovery) {
  const std::span<const Duration> waits =
      recovery.waits.empty() ? std::span<const Duration>(kRecoveryWaits) : recovery.waits;
  return waits[std::min(attempt, waits.size() - 1)];
}

std::string times_text(unsigned count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

}  // namespace

RecoveryPlan plan_recovery(const TrackedService& service, const ReviewedService& of,
                           const Circumstances& circumstances, const RecoveryState& known,
                           Time now) {
  const auto& policy = of.watched.policy;
  const auto& recovery = policy.recovery;
  if (!recovery.enabled) return {};
  const auto broken = find_broken(service, policy);
  if (!broken || !recovery.when.contains(broken->when)) return {};
  if (auto objection = find_objection(service, of, broken->when); !objection.empty())
    return {.step = RecoveryStep::withheld, .why = std::move(objection)};
  if (known.attempts >= recovery.attempts) return {.step = RecoveryStep::spent};
  const Suppressions suppressions(service, of, circumstances, now);
  auto withheld = suppressions.lasting(bad_state(service));
  // A service that is first seen in this state is an alert at once, but its host may start it yet.
  if (!withheld) withheld = boot_grace(of, circumstances.booted_at, now);
  if (!withheld) withheld = circumstances.acknowledged;
  if (withheld)
    return {.step = RecoveryStep::withheld, .at = withheld->until, .why = withheld->reason};
  // What seems to be yet to come was stored before the clock was set back.
  const auto last = std::min(std::max(broken->since, known.ended), now);
  return {.step = RecoveryStep::attempt, .at = last + wait_before(known.attempts, recovery)};
}

Time forgets_attempts_at(const TrackedService& service, const Policy& policy) {
  if (is_bad(service, policy) || service.seen.state != service.settled) return Time::max();
  return service.settled_since + policy.recovery.reset_after;
}

bool is_spent(const RecoveryState& known, const RecoveryPolicy& policy) {
  return policy.enabled && known.attempts >= policy.attempts && known.ended != Time{};
}

std::string recovery_text(const RecoveryState& known, const RecoveryPolicy& policy,
                          bool is_resolved, Time bad_since) {
  if (known.attempts == 0) return {};
  const bool starts = policy.action == RecoveryAction::start;
  const bool is_meant = known.begun >= bad_since;
  if (is_resolved) {
    if (!is_meant) return {};
    const auto attempt = " (attempt " + std::to_string(known.attempts) + " of " +
                         std::to_string(policy.attempts) + ")";
    if (known.runs || known.ended == Time{})
      return (starts ? "after tocsin started it" : "after tocsin restarted it") + attempt;
    return (starts ? "tocsin had tried to start it" : "tocsin had tried to restart it") + attempt +
           ": " + known.outcome;
  }
  const auto times = times_text(known.attempts);
  const std::string tried = (starts ? "tried to start it " : "tried to restart it ") + times;
  const std::string did = (starts ? "started it " : "restarted it ") + times;
  std::string text = tried;
  if (!is_meant || known.runs) {
    text = "tocsin has " + (known.runs ? did : tried) + " since it last ran for " +
           duration_text(policy.reset_after);
  } else if (known.ended != Time{}) {
    text += ": " + known.outcome;
  }
  if (is_spent(known, policy))
    text += "; it is not tried again until it has run for " + duration_text(policy.reset_after);
  return text;
}

}  // namespace tocsin
