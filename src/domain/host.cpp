#include "domain/host.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace tocsin {
namespace {

using enum TransitionKind;

/// Fewer say nothing about their host.
constexpr std::size_t kFewestSigns = 3;
/// If one of so many parts of what runs falls, it is a storm.
constexpr std::size_t kStormShare = 4;

/// ERROR_SHUTDOWN_IN_PROGRESS: the service manager says that its host is going down.
constexpr std::uint32_t kShutdownInProgress = 1115;
/// A host that says so for longer does not go.
constexpr Duration kLongestShutdown = std::chrono::minutes(10);

Transition host_transition(TransitionKind kind, Time since, std::string reason) {
  return {kind, ServiceState::unknown, since, ServiceState::unknown, std::move(reason)};
}

std::optional<Suppression> grace(const TrackedHost& host, const Grace& grace, Time now) {
  if (host.failures < grace.checks)
    return Suppression{"not yet tried " + std::to_string(grace.checks) + " times"};
  if (const auto until = host.since + grace.time; now < until)
    return Suppression{"not yet for " + duration_text(grace.time), until};
  return std::nullopt;
}

std::vector<AlertDraft> not_reached(TrackedHost& host, const Error& error, const HostPolicy& policy,
                                    const HostCircumstances& circumstances, Time now) {
  // A refused login is an alert of the credential: the host may be as well as can be.
  const bool was_refused =
      std::exchange(host.login_refused, error.kind == ErrorKind::login_refused);
  const bool is_first =
      host.error.empty() || (was_refused && !host.login_refused && !host.notified);
  if (is_first) {
    if (host.error.empty()) host.reached_since = host.since;
    host.since = now;
    host.failures = 0;
    host.notified = false;
    host.firing_since = {};
  }
  host.failures = std::min(host.failures + 1, std::max(policy.grace.checks, 1U));
  host.error = error.what.empty() ? "not reached" : error.what;
  host.storm_until = {};
  if (error.native != kShutdownInProgress) {
    host.shutdown_since = {};
  } else if (host.shutdown_since == Time{}) {
    host.shutdown_since = now;
  }
  auto drafts = tocsin::review(host, policy, circumstances, now);
  if (!drafts.empty() || !is_first || host.login_refused) return drafts;
  const auto suppressed = find_suppression(host, policy, circumstances, now);
  return {{.transition = host_transition(unreachable, host.reached_since, host.error),
           .suppressed = suppressed ? suppressed->reason : ""}};
}

/// What the observed services say of their host, compared with what was known of them before.
struct HostSigns {
  bool rebooted = false;  ///< the processes are others, where nothing better tells
  Falls falls;
};

/// For a host that says nothing of its boot. `after_outage`: the host was not reached the last
/// time. Then a few other processes are enough, or none that could tell; otherwise there must be
/// three, and all of them gone.
HostSigns read_signs(const KnownServices& previous, const Observation& observation,
                     bool after_outage) {
  if (!observation.services) return {};
  std::vector<std::pair<std::uint32_t, bool>> ran_before;  // process, and whether it still runs it
  ran_before.reserve(previous.size());
  HostSigns signs;
  auto& [fell, ran] = signs.falls;
  std::size_t runs_anew = 0;
  walk_in_step(previous, *observation.services,
               [&](const KnownService* known, const ObservedService* observed) {
                 if (known == nullptr || observed == nullptr) return;
                 const auto& before = known->tracked;
                 const auto& seen = observed->status;
                 if (before.settled != ServiceState::running) return;
                 ran++;
                 fell += falls(before, seen.state) ? 1 : 0;
                 if (before.process_id == 0) return;
                 const bool same = seen.process_id == before.process_id;
                 const bool up = seen.state == ServiceState::running ||
                                 seen.state == ServiceState::start_pending;
                 runs_anew += up && !same && seen.process_id != 0 ? 1 : 0;
                 ran_before.emplace_back(before.process_id, same);
               });
  if (!after_outage && runs_anew == 0) return signs;
  std::map<std::uint32_t, bool> processes;  // whether each is still there
  for (const auto& [process, same] : ran_before) processes[process] |= same;
  const auto kept = static_cast<std::size_t>(
      std::ranges::count(processes, true, &std::pair<const std::uint32_t, bool>::second));
  signs.rebooted = after_outage ? ran > 0 && kept * 2 < std::max<std::size_t>(processes.size(), 1)
                                : kept == 0 && processes.size() >= kFewestSigns;
  return signs;
}

/// A host that is reached again.
TrackedHost reached(const TrackedHost& host, Time now) {
  return {.since = now, .booted_at = host.booted_at, .boot = host.boot};
}

/// Whether it has booted since the last check; takes note of that.
bool note_boot(TrackedHost& host, const BootSigns& boot, bool services_are_new, Time now) {
  const bool booted = has_booted(host.boot, boot).value_or(services_are_new);
  host.boot = booted ? boot : merge(host.boot, boot);
  if (booted) host.booted_at = boot.booted_at == Time{} ? now : std::min(boot.booted_at, now);
  return booted;
}

}  // namespace

void follow_clock(TrackedHost& host, const HostPolicy& policy, Duration set_by, Time now) {
  for (auto* at : {&host.since, &host.reached_since, &host.notified_at, &host.booted_at,
                   &host.boot.booted_at, &host.shutdown_since})
    *at = moved(*at, set_by, now);
  host.storm_until = moved(host.storm_until, set_by, now + policy.storm_wait);
}

std::optional<Suppression> find_suppression(const TrackedHost& host, const HostPolicy& policy,
                                            const HostCircumstances& circumstances, Time now) {
  if (circumstances.silence) return circumstances.silence;
  const auto gone_by = host.shutdown_since + kLongestShutdown;
  if (host.shutdown_since != Time{} && now < gone_by)
    return Suppression{"it says that it is shutting down", gone_by};
  return grace(host, policy.grace, now);
}

std::vector<AlertDraft> review(TrackedHost& host, const HostPolicy& policy,
                               const HostCircumstances& circumstances, Time now) {
  if (now < next_review(host, policy, circumstances, now)) return {};
  auto draft = host_transition(unreachable, host.reached_since, host.error);
  host.notified_at = now;
  if (!std::exchange(host.notified, true)) {
    host.firing_since = host.since;
    host.reminders = 0;
    return {{.transition = std::move(draft), .suppressed = {}}};
  }
  host.reminders++;
  draft.reason = join_reasons(draft.reason, "still so after " + duration_text(now - host.since));
  return {{.transition = std::move(draft),
           .suppressed = {},
           .reminder = host.reminders,
           .goes_on = true}};
}

Time next_review(const TrackedHost& host, const HostPolicy& policy,
                 const HostCircumstances& circumstances, Time now) {
  if (host.error.empty()) return Time::max();
  if (!host.notified) {
    if (host.login_refused) return Time::max();
    const auto suppressed = find_suppression(host, policy, circumstances, now);
    return suppressed ? suppressed->until : now;
  }
  if (policy.repeat_every == Duration(0)) return Time::max();
  Time due = host.notified_at + policy.repeat_every;
  for (const auto& suppression : {circumstances.silence, circumstances.acknowledged}) {
    if (suppression) due = std::max(due, suppression->until);
  }
  return due;
}

/// Windows tells all services of a shutdown before it waits for them.
bool falls(const TrackedService& known, ServiceState now) {
  if (known.settled != ServiceState::running) return false;
  return now == ServiceState::stopped ||
         (now == ServiceState::stop_pending && known.seen.state != ServiceState::stop_pending);
}

void note_falls(TrackedHost& host, const Falls& falls, const HostPolicy& policy, Time now) {
  const bool storm = falls.fell >= kFewestSigns && falls.fell * kStormShare >= falls.ran;
  if (!storm || policy.storm_wait == Duration(0)) return;
  const bool recent = now < host.storm_until + policy.storm_wait;
  if (!recent) host.storm_until = now + policy.storm_wait;
}

std::vector<AlertDraft> review(TrackedHost& host, const Observation& observation,
                               const KnownServices& previous, const HostPolicy& policy,
                               const HostCircumstances& circumstances) {
  const Time now = observation.at.wall;
  const auto& silence = circumstances.silence;
  if (!observation.services)
    return not_reached(host, observation.services.error(), policy, circumstances, now);

  // Whether it was there is known of a host that has refused the login.
  const bool was_refused = host.login_refused && !host.notified;
  const bool was_away = !host.error.empty() && !was_refused;
  const auto signs = read_signs(previous, observation, was_away);
  const bool rebooted = note_boot(host, observation.boot, signs.rebooted, now);
  const std::string boot = rebooted ? "it was restarted" : "";
  if (was_refused) host = reached(host, now);
  if (!rebooted) note_falls(host, signs.falls, policy, now);
  if (!was_away) {
    if (!rebooted) return {};
    auto draft = host_transition(TransitionKind::rebooted, host.booted_at,
                                 "the processes of its services are new");
    return {{.transition = std::move(draft), .suppressed = silence ? silence->reason : ""}};
  }
  auto draft =
      host_transition(reachable, host.since,
                      join_reasons(boot, "it was away for " + duration_text(now - host.since)));
  // Whoever was notified of the outage is notified of its end, in a silence too.
  std::string suppressed;
  if (!host.notified)
    suppressed = silence ? silence->reason : "nobody was notified that it was away";
  const bool goes_on = host.notified;
  host = reached(host, now);
  return {
      {.transition = std::move(draft), .suppressed = std::move(suppressed), .goes_on = goes_on}};
}

}  // namespace tocsin
