#include "daemon/watcher.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "base/wildcard.h"

namespace tocsin::daemon {
namespace {

/// For one check with everything in it: connecting, logging in, asking. A host that needs longer is
/// reported as not reached.
constexpr auto kCheckLimit = std::chrono::seconds(30);
/// The most by which a host's checks are shifted from the schedule's times.
constexpr Duration kMostShift = std::chrono::seconds(10);
/// The machine's clock may jump; look at it at least this often.
constexpr Duration kLongestSleep = std::chrono::seconds(10);
/// From the word that services came or went to the check that finds out which: an installer makes
/// many.
constexpr auto kGather = std::chrono::milliseconds(200);

}  // namespace

Watcher::Watcher(const config::Host& host, const Schedule& schedule,
                 std::unique_ptr<probe::Probe> probe, TrackedServices known, Rooms rooms)
    : host_(host),
      schedule_(schedule),
      probe_(std::move(probe)),
      known_(std::move(known)),
      rooms_(std::move(rooms)) {}

net::awaitable<void> Watcher::run() {
  for (;;) {
    {
      const auto slot = co_await rooms_.checks.acquire();
      co_await check();
    }
    co_await listen_until_due();
  }
}

net::awaitable<void> Watcher::listen_until_due() {
  const Time started = rooms_.clock.now();
  const Time first = schedule_.next(started);
  const Duration gap = schedule_.next(first) - first;
  const auto spread =
      static_cast<std::size_t>(std::max<std::int64_t>(std::min(gap, kMostShift).count(), 1));
  const Duration shift(std::hash<HostName>{}(host_.name) % spread);
  // The next of this host's own times: the schedule's, shifted.
  co_await listen_until(schedule_.next(started - shift) + shift);
}

net::awaitable<void> Watcher::listen_until(Time due) {
  const Time started = rooms_.clock.now();
  for (Time now = started; now < due && now >= started; now = rooms_.clock.now()) {
    co_await probe_->listen(net::within(std::min(due - now, kLongestSleep)));
    News news;
    const bool look_again = take_heard(news);
    co_await record(std::move(news));
    if (look_again) co_return co_await net::sleep_for(kGather);
  }
}

net::awaitable<void> Watcher::check() {
  const auto begun = std::chrono::steady_clock::now();
  auto services = co_await probe_->check(net::within(kCheckLimit));
  rooms_.metrics.count_check(host_.name, services ? "ok" : to_string(services.error().kind),
                             std::chrono::steady_clock::now() - begun);
  const Observation observation{
      .host = host_.name, .at = rooms_.clock.now(), .services = std::move(services)};
  News news;
  if (auto alert = host_change(observation)) news.alerts.push_back(*std::move(alert));
  if (observation.services) {
    for (const auto& service : *observation.services) {
      if (service.details) details_[service.name] = service.details;
    }
  }
  (void)take_heard(news);  // this is the check that it may call for
  for (auto& change : decide(known_, observation, host_.services))
    take(std::move(change), observation.at, news);
  report_all(observation.at);
  co_await record(std::move(news));
}

bool Watcher::take_heard(News& news) {
  const auto heard = probe_->take_heard();
  const Time now = rooms_.clock.now();
  if (!heard.services.empty()) rooms_.metrics.count_heard(host_.name, heard.services.size());
  for (const auto& service : heard.services) {
    if (auto change = decide(known_, service, host_.services, now))
      take(*std::move(change), now, news);
  }
  report(heard.services, now);
  return heard.look_again;
}

void Watcher::take(ServiceChange change, Time at, News& news) {
  if (change.transition) {
    news.alerts.push_back(make_alert(change, *change.transition, at));
    const auto& alert = news.alerts.back();
    rooms_.log.info("{} {} {}: {} -> {}{}{}", host_.name.text(), alert.service.text(),
                    to_string(alert.kind), to_string(alert.from), to_string(alert.to),
                    alert.reason.empty() ? "" : ", ", alert.reason);
  } else if (!known_.contains(change.name) && change.next.seen.state != ServiceState::running) {
    rooms_.log.warn("{} {} is {} at the first look", host_.name.text(), change.name.text(),
                    to_string(change.next.seen.state));
  }
  if (change.forgotten) {
    known_.erase(change.name);
    details_.erase(change.name);
  } else {
    known_[change.name] = change.next;
  }
  news.states.push_back({.host = host_.name,
                         .service = std::move(change.name),
                         .state = change.next,
                         .forgotten = change.forgotten});
}

net::awaitable<void> Watcher::record(News news) {
  if (news.states.empty() && news.alerts.empty()) co_return;
  co_await rooms_.journal.record(std::move(news.states), std::move(news.alerts));
}

std::optional<Alert> Watcher::host_change(const Observation& observation) {
  const auto kind =
      observation.services ? std::nullopt : std::optional(observation.services.error().kind);
  if (kind == trouble_) return std::nullopt;
  const bool was_reached = !trouble_.has_value();
  trouble_ = kind;

  Alert alert{.id = {make_uuid(observation.at, rooms_.random)},
              .at = observation.at,
              .host = host_.name,
              .previous_since = trouble_since_};
  trouble_since_ = observation.at;
  if (!kind) {
    rooms_.log.info("{} can be checked again", host_.name.text());
    alert.kind = TransitionKind::reachable;
    return alert;
  }
  alert.reason = observation.services.error().what;
  rooms_.log.warn("{} cannot be checked: {}", host_.name.text(), alert.reason);
  alert.kind = TransitionKind::unreachable;
  // Another reason than before is worth a line in the log, not a second entry in the history.
  return was_reached ? std::optional(alert) : std::nullopt;
}

Alert Watcher::make_alert(const ServiceChange& change, const Transition& transition, Time at) {
  Alert alert{.id = {make_uuid(at, rooms_.random)},
              .at = at,
              .kind = transition.kind,
              .host = host_.name,
              .service = change.name,
              .status = change.next.seen,
              .from = transition.from,
              .to = transition.to,
              .previous_since = transition.from_since,
              .reason = transition.reason};
  if (const auto found = details_.find(change.name); found != details_.end()) {
    alert.details = *found->second;
  }
  std::tie(alert.service, alert.friendly_name) = names_of(change.name);
  return alert;
}

std::pair<ServiceName, std::string> Watcher::names_of(const ServiceName& service) const {
  const auto* watched = host_.services.find(service);
  if (watched == nullptr) return {service, {}};
  // Who wrote a name out in full gets it back as it was written.
  return {has_wildcard(watched->pattern) ? service : ServiceName(watched->pattern),
          watched->friendly_name};
}

notify::ServiceReport Watcher::report_of(const ServiceName& service,
                                         const TrackedService& tracked) const {
  notify::ServiceReport report{.state = tracked.seen.state};
  std::tie(report.name, report.friendly_name) = names_of(service);
  if (const auto found = details_.find(service); found != details_.end())
    report.details = found->second;
  return report;
}

void Watcher::report_all(Time at) const {
  if (!rooms_.report) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  report.services.reserve(known_.size());
  for (const auto& [name, tracked] : known_) report.services.push_back(report_of(name, tracked));
  rooms_.report(report);
}

void Watcher::report(std::span<const ObservedService> heard, Time at) const {
  if (!rooms_.report || heard.empty()) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  for (const auto& service : heard) {
    const auto tracked = known_.find(service.name);
    if (tracked != known_.end())
      report.services.push_back(report_of(service.name, tracked->second));
  }
  rooms_.report(report);
}

net::awaitable<void> Watcher::close(net::Deadline deadline) { co_await probe_->close(deadline); }

}  // namespace tocsin::daemon
