#include "daemon/recovery.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/try.h"
#include "daemon/control.h"
#include "daemon/entered.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t kAttemptsAtOnce = 8;
/// For one attempt: connecting, logging in, and a service that starts slowly.
constexpr auto kAttemptLimit = std::chrono::minutes(2);
/// For the check before it.
constexpr auto kCheckLimit = std::chrono::seconds(40);
constexpr auto kLookForCheckEvery = std::chrono::milliseconds(100);
/// Until one is tried again that the store, a check or a person has kept from being made.
constexpr auto kPutOff = std::chrono::minutes(1);
/// Until it is looked again whether what withholds an attempt has ended.
constexpr auto kLeastPause = std::chrono::seconds(1);

net::Deadline deadline_of(Time at, Time now) {
  constexpr Duration kLongest = std::chrono::hours(1);  // the clock may be set meanwhile
  return net::within(std::clamp(at - now, Duration(0), kLongest));
}

std::string outcome_text(const Error& error) {
  const auto code = error.native ? fmt::to_string(*error.native) : std::string();
  if (code.empty() || error.what.contains(code)) return error.what;
  return code + ": " + error.what;
}

struct Outcome {
  bool runs = false;
  std::string text;
};

Outcome outcome_of(const Result<probe::ControlReport>& answer) {
  if (!answer) return {.text = outcome_text(answer.error())};
  if (const auto outcome = answer->outcome(); !outcome)
    return {.text = outcome_text(outcome.error())};
  if (answer->after.state != ServiceState::running)
    return {.text = fmt::format("it is {} after it", to_string(answer->after.state))};
  return {.runs = true, .text = answer->steps.empty() ? "it runs already" : "it runs"};
}

probe::ControlKind kind_of(RecoveryAction action) {
  return action == RecoveryAction::start ? probe::ControlKind::start : probe::ControlKind::restart;
}

}  // namespace

/// While it lives, no other attempt is made on the host.
class Recovery::Attempt {
 public:
  Attempt(Recovery& of, HostName host) : of_(of), host_(std::move(host)) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() {
    of_.busy_.erase(host_);
    of_.to_look_at_.insert(host_);
    of_.to_look_at_.merge(of_.in_line_);
    of_.in_line_.clear();
    of_.work_.set();
  }

 private:
  Recovery& of_;
  HostName host_;
};

Recovery::Recovery(const net::Executor& executor, Deps deps,
                   const std::vector<store::StoredRecovery>& known)
    : deps_(std::move(deps)), work_(executor), attempts_(executor) {
  for (const auto& [host, service, state] : known) states_[host].insert_or_assign(service, state);
}

const RecoveryState* Recovery::find(const HostName& host, const ServiceName& service) const {
  const auto services = states_.find(host);
  if (services == states_.end()) return nullptr;
  const auto found = services->second.find(service);
  return found == services->second.end() ? nullptr : &found->second;
}

PrefixedLog Recovery::log_of(const HostName& host) const {
  return deps_.log.of("host " + host.text());
}

void Recovery::say(const Subject& subject, const std::string& why) {
  auto& said = said_[subject];
  if (std::exchange(said, why) != why && !why.empty())
    log_of(subject.first).debug("recovery of {}: no attempt: {}", subject.second.text(), why);
}

void Recovery::note(const MonitoredHost& host) {
  const auto* watcher = deps_.find_watcher(host.name());
  if (watcher == nullptr || !watcher->configured().control) return;
  to_look_at_.insert(host.name());
  work_.set();
}

void Recovery::forget(const HostName& host) {
  to_look_at_.erase(host);
  next_.erase(host);
  in_line_.erase(host);
  const auto is_meant = [&host](const auto& entry) { return entry.first.first == host; };
  std::erase_if(put_off_, is_meant);
  std::erase_if(said_, is_meant);
  if (states_.erase(host) > 0) attempts_.spawn(forget_stored(host));
}

net::awaitable<void> Recovery::forget_stored(HostName host) {
  (void)co_await deps_.worker.run([&] { return deps_.stored.forget(host); });
}

net::awaitable<void> Recovery::run() {
  co_await begin();
  for (;;) {
    for (const auto& [host, at] : next_)
      if (at <= net::MonotonicClock::now()) to_look_at_.insert(host);
    for (const auto& host : std::exchange(to_look_at_, {})) {
      if (const auto at = look(host); at < net::Deadline::max())
        next_[host] = at;
      else
        next_.erase(host);
    }
    auto soonest = net::Deadline::max();
    for (const auto& [host, at] : next_) soonest = std::min(soonest, at);
    (void)co_await work_.wait_until(soonest);
    work_.reset();
  }
}

net::awaitable<void> Recovery::stop(net::Deadline deadline) {
  stopping_ = true;
  (void)co_await attempts_.join_until(deadline);
  for (const auto& host : acted_on_) deps_.log.error("{}", left_behind(host));
  attempts_.cancel();
  co_await attempts_.join();
}

/// Hosts may have left the configuration, and tocsin may have ended during an attempt.
net::awaitable<void> Recovery::begin() {
  std::vector<HostName> gone;
  std::vector<Subject> interrupted;
  for (auto& [host, services] : states_) {
    if (deps_.find_watcher(host) == nullptr) gone.push_back(host);
    for (auto& [service, state] : services) {
      if (state.ended != Time{}) continue;
      state.ended = deps_.clock.now();
      state.outcome = "tocsin ended during it";
      interrupted.emplace_back(host, service);
    }
  }
  for (const auto& host : gone) forget(host);
  for (const auto& subject : interrupted) (void)co_await save(subject, nullptr);
}

net::Deadline Recovery::look(const HostName& name) {
  auto next = net::Deadline::max();
  const auto* watcher = deps_.find_watcher(name);
  if (watcher == nullptr || watcher->is_retired() || !watcher->configured().control ||
      busy_.contains(name))
    return next;
  forget_those_that_run(*watcher, next);
  const auto& host = watcher->monitored();
  const Time now = deps_.clock.now();
  for (const auto& service : host.services()) {
    const auto plan = host.plan_recovery(service, now);
    if (plan.step == RecoveryStep::none) {
      if (!said_.empty()) said_.erase({name, service.name});
      continue;
    }
    const Subject subject{name, service.name};
    say(subject, plan.why);
    // Where none is left, somebody may have started it, which gives it all of them again.
    const bool is_spent = plan.step == RecoveryStep::spent;
    if (plan.at == Time::max() && !is_spent) continue;
    auto at = is_spent ? net::MonotonicClock::now() : deadline_of(plan.at, now);
    if (const auto later = put_off_.find(subject); later != put_off_.end())
      at = std::max(at, later->second);
    if (plan.step == RecoveryStep::withheld) {
      next = std::min(next, std::max(at, net::within(kLeastPause)));
    } else if (at > net::MonotonicClock::now()) {
      next = std::min(next, at);
    } else if (busy_.size() >= kAttemptsAtOnce) {
      in_line_.insert(name);
    } else {
      busy_.insert(name);
      attempts_.spawn(attempt(name, service.name));
      return net::Deadline::max();
    }
  }
  return next;
}

void Recovery::forget_those_that_run(const Watcher& watcher, net::Deadline& next) {
  const auto& host = watcher.monitored();
  const auto states = states_.find(host.name());
  if (states == states_.end()) return;
  const Time now = deps_.clock.now();
  std::erase_if(states->second, [&](const auto& entry) {
    const auto* known = host.services().find(entry.first);
    const auto* watched = known == nullptr ? nullptr : host.find_entry(*known);
    if (watched == nullptr) return false;  // not seen yet, or it comes back
    const auto at = forgets_attempts_at(known->tracked, watched->policy);
    if (at > now) {
      if (at < Time::max()) next = std::min(next, deadline_of(at, now));
      return false;
    }
    log_of(host.name())
        .info("recovery of {}: it has run for {}, attempts are counted from 0 again",
              entry.first.text(), duration_text(watched->policy.recovery.reset_after));
    attempts_.spawn([](Recovery& self, Subject subject) -> net::awaitable<void> {
      (void)co_await self.deps_.worker.run(
          [&] { return self.deps_.stored.forget(subject.first, subject.second); });
    }(*this, {host.name(), entry.first}));
    return true;
  });
}

void Recovery::put_off(const Subject& subject) { put_off_[subject] = net::within(kPutOff); }

std::unique_ptr<Recovery::Due> Recovery::find_due(const Subject& subject) const {
  const auto& [host, service] = subject;
  const auto* watcher = deps_.find_watcher(host);
  if (watcher == nullptr || watcher->is_retired() || !watcher->configured().control) return nullptr;
  const auto& monitored = watcher->monitored();
  const auto* known = monitored.services().find(service);
  const Time now = deps_.clock.now();
  if (known == nullptr) return nullptr;
  const auto plan = monitored.plan_recovery(*known, now);
  if (plan.step != RecoveryStep::attempt || plan.at > now) return nullptr;
  return std::make_unique<Due>(watcher->configured(), monitored.find_entry(*known)->policy.recovery,
                               monitored.names_of(service).first);
}

net::awaitable<void> Recovery::attempt(HostName host, ServiceName service) {
  const Subject subject{std::move(host), std::move(service)};
  const Attempt lasts(*this, subject.first);
  const bool ours = co_await is_left_to_us(subject);
  const bool checked = ours && find_due(subject) && co_await check_again(subject.first);
  // Once more, because somebody may have done something during the check.
  const bool still_ours = checked && co_await is_left_to_us(subject);
  if (!still_ours || stopping_) co_return put_off(subject);
  put_off_.erase(subject);
  // What keeps it from being made now is what look() finds, too.
  if (const auto due = find_due(subject)) co_await make(subject, *due);
}

net::awaitable<bool> Recovery::is_left_to_us(const Subject& subject) {
  const auto& [host, service] = subject;
  if (deps_.is_controlling(host)) {
    say(subject, "somebody starts or stops a service of this host");
    co_return false;
  }
  const auto found =
      co_await deps_.worker.run([&] { return deps_.stored.find_by_people(host, service); });
  if (!found) {
    say(subject, found.error().what);
    co_return false;
  }
  if (found->stopped_at) {
    say(subject, fmt::format("somebody has stopped it at {}, and it has not run since",
                             iso_seconds(*found->stopped_at)));
    co_return false;
  }
  if (!found->is_counted && find(host, service) != nullptr) states_.at(host).erase(service);
  co_return true;
}

net::awaitable<bool> Recovery::check_again(const HostName& host) {
  const auto rounds = [&] {
    const auto* watcher = deps_.find_watcher(host);
    return watcher == nullptr ? std::nullopt : std::optional(watcher->rounds());
  };
  const auto before = rounds();
  deps_.check_soon(host);
  const auto end = net::within(kCheckLimit);
  while (rounds() == before) {
    if (stopping_ || net::MonotonicClock::now() >= end) co_return false;
    co_await net::sleep_for(kLookForCheckEvery);
  }
  co_return true;
}

net::awaitable<bool> Recovery::save(const Subject& subject, const Action* did) {
  const auto* known = find(subject.first, subject.second);
  if (known == nullptr) co_return false;
  const store::StoredRecovery recovery{subject.first, subject.second, *known};
  const auto saved = co_await deps_.worker.run([&] { return deps_.stored.save(recovery, did); });
  if (!saved)
    log_of(subject.first)
        .warn("recovery of {} is not stored: {}", subject.second.text(), saved.error().what);
  co_return saved.has_value();
}

net::awaitable<void> Recovery::make(const Subject& subject, const Due& due) {
  const auto& [host, service] = subject;
  const Entered entered(acted_on_, host);
  if (deps_.is_controlling(host)) co_return put_off(subject);
  const auto log = log_of(host);
  auto& state = states_[host][service];
  const auto before = state;
  state.attempts++;
  state.begun = deps_.clock.now();
  state.ended = {};
  state.runs = false;
  state.outcome.clear();
  const auto attempt = fmt::format("attempt {} of {}", state.attempts, due.policy.attempts);
  if (!co_await save(subject, nullptr)) {
    if (find(host, service) != nullptr) states_[host][service] = before;
    co_return put_off(subject);
  }
  const auto kind = kind_of(due.policy.action);
  log.info("recovery of {}: {} to {} it", due.service.text(), attempt, to_string(kind));

  const auto control = deps_.make_control(due.host);
  const auto answer = co_await control->run(
      {.kind = kind, .service = service, .unless_running = true}, net::within(kAttemptLimit));
  const auto [runs, text] = outcome_of(answer);
  deps_.metrics.count_recovery(runs);
  if (runs)
    log.info("recovery of {}: {}: {}", due.service.text(), attempt, text);
  else
    log.warn("recovery of {}: {}: {}", due.service.text(), attempt, text);

  const auto now = deps_.clock.now();
  const Action did{.by = {.name = store::kRecoveryActor, .at = now},
                   .kind = action_kind(kind),
                   .scope = {.host = due.host.name, .service = due.service},
                   .reason = attempt + ": " + text};
  if (find(host, service) == nullptr) co_return;  // the host is not watched any more
  auto& known = states_[host][service];
  known.ended = now;
  known.runs = runs;
  known.outcome = text;
  (void)co_await save(subject, &did);
  if (deps_.on_action) deps_.on_action();
  deps_.check_soon(host);
}

}  // namespace tocsin::daemon
