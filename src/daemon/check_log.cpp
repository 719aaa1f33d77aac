#include "daemon/check_log.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "daemon/listed.h"

namespace tocsin::daemon {
namespace {

/// "smb 10.0.0.5:445, credential monitoring"
std::string describe_source(const config::Host& host) {
  if (host.source == config::Source::scm) return "scm " + host.address;
  return fmt::format("smb {}:{}, {}", host.address, host.port,
                     host.credentials ? "credential " + host.credentials->name : "no credential");
}

/// " (native 1053)"; what is larger than a code of Win32 is an NTSTATUS, written as those are.
std::string native_text(std::uint32_t code) {
  constexpr std::uint32_t kLargestWin32 = 0xFFFF;
  return code > kLargestWin32 ? fmt::format(" (native 0x{:08X})", code)
                              : fmt::format(" (native {})", code);
}

/// "session opened (SMB 3.1.1, encrypted); asked by name 3; details read 1"
std::string describe(const probe::CheckTrace& trace) {
  using Session = probe::CheckTrace::Session;
  std::string text = "no session";
  if (trace.session == Session::kept) text = "session kept";
  if (trace.session == Session::opened) text = "session opened";
  if (!trace.connection.empty()) text += fmt::format(" ({})", trace.connection);
  if (!trace.dropped.empty()) text += fmt::format("; the one before closed: {}", trace.dropped);
  if (trace.listed) text += fmt::format("; listed {}", *trace.listed);
  if (trace.asked > 0) text += fmt::format("; asked by name {}", trace.asked);
  if (trace.details > 0) text += fmt::format("; details read {}", trace.details);
  if (!trace.no_push.empty()) text += fmt::format("; no push: {}", trace.no_push);
  if (!trace.closed_after.empty()) text += fmt::format("; closed after it: {}", trace.closed_after);
  return text;
}

auto in_milliseconds(net::MonotonicClock::duration took) {
  return std::chrono::floor<std::chrono::milliseconds>(took).count();
}

void log_unreachable(const PrefixedLog& log, const TrackedHost& host, const HostPolicy& policy,
                     const std::optional<Suppression>& silence, Time now) {
  const auto& grace = policy.grace;
  if (host.notified) {
    log.debug("alert unreachable was notified at {}", iso_time(host.notified_at));
  } else if (host.login_refused) {
    log.debug("alert waits: unreachable: the credential is refused, which is an alert of its own");
  } else if (silence || host.shutdown_since != Time{}) {
    const auto why = find_suppression(host, policy, {.silence = silence}, now);
    if (why) log.debug("alert waits: unreachable: {} until {}", why->reason, iso_time(why->until));
  } else {
    log.debug("alert waits: unreachable: failed checks {} of {}, for {} of {}", host.failures,
              grace.checks, duration_text(now - host.since), duration_text(grace.time));
  }
}

}  // namespace

void log_details(const PrefixedLog& log, const probe::CheckTrace& trace) {
  log.debug("details read {} since the check began{}{}", trace.details,
            trace.closed_after.empty() ? "" : "; session closed: ", trace.closed_after);
}

void log_begin(const PrefixedLog& log, const config::Host& host) {
  log.debug("check begins: {}", describe_source(host));
}

void log_answer(const PrefixedLog& log, const Observation& observation,
                std::span<const ServiceChange> changes, net::MonotonicClock::duration took,
                const probe::CheckTrace& trace) {
  const auto milliseconds = in_milliseconds(took);
  const auto how = describe(trace);
  if (observation.services) {
    std::set<ServiceName> changed;
    for (const auto& change : changes) changed.insert(change.name);
    log.debug("check answered in {} ms: services {}, changed {}; {}", milliseconds,
              observation.services->size(), changed.size(), how);
    return;
  }
  const auto& error = observation.services.error();
  log.debug("check not answered in {} ms: {}{}: {}; {}", milliseconds, to_string(error.kind),
            error.native ? native_text(*error.native) : "", error.what, how);
}

void log_same(const PrefixedLog& log, net::MonotonicClock::duration took,
              const probe::CheckTrace& trace) {
  log.debug("check answered in {} ms: all as before; {}", in_milliseconds(took), describe(trace));
}

void log_waiting(const PrefixedLog& log, const MonitoredHost& monitored,
                 const std::optional<Suppression>& silence, Time now) {
  if (!monitored.host().error.empty())
    return log_unreachable(log, monitored.host(), monitored.policy(), silence, now);
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& waiting : monitored.waiting_alerts(now)) {
    const auto& [reason, until] = waiting.suppression;
    auto why = until == Time::max() ? reason : reason + " until " + iso_time(until);
    const auto* service = monitored.services().find(waiting.service);
    groups[std::move(why)].push_back(fmt::format("{} {} (checks {})", waiting.service.text(),
                                                 to_string(waiting.kind), service->tracked.checks));
  }
  for (const auto& [why, alerts] : groups) log.debug("alert waits: {}: {}", listed(alerts), why);
}

void log_schedule(const PrefixedLog& log, std::optional<Time> due, Time review) {
  log.debug("schedule: next check {}{}", due ? "at " + iso_time(*due) : "never",
            review < Time::max() ? ", waiting alerts reviewed at " + iso_time(review) : "");
}

void log_pushed(const PrefixedLog& log, const probe::Pushed& pushed) {
  std::vector<std::string> changes;
  changes.reserve(pushed.services.size());
  for (const auto& service : pushed.services)
    changes.push_back(fmt::format("{} {}", service.name.text(), to_string(service.status.state)));
  if (!changes.empty()) log.debug("pushed by the host: {}", listed(changes));
  if (pushed.check_again) log.debug("pushed by the host: services came or went, check at once");
}

}  // namespace tocsin::daemon
