#include "daemon/watcher.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

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
/// For logging off; a host that does not answer forgets the session by itself.
constexpr auto kLogOffLimit = std::chrono::seconds(2);

MonitoredHost::Rules rules_of(const config::Host& host) {
  return {.services = host.services, .policy = host.policy};
}

}  // namespace

Watcher::Watcher(config::Host host, MonitoredHost::Known known, Deps deps)
    : host_(std::move(host)),
      deps_(std::move(deps)),
      probe_(deps_.make_probe(host_)),
      monitored_(host_.name, rules_of(host_), std::move(known),
                 [this](const ServiceName& service, Time now) {
                   return deps_.silence ? deps_.silence(host_.name, service, now) : std::nullopt;
                 }) {}

bool Watcher::reconfigure(config::Host host) {
  retired_ = false;
  if (config::is_same(next_ ? *next_ : host_, host)) return false;
  next_ = std::move(host);
  return true;
}

net::awaitable<void> Watcher::take_over(config::Host next) {
  const bool same_way = config::is_asked_alike(host_, next);
  const bool same_list = host_.services == next.services;
  host_ = std::move(next);
  monitored_.set_rules(rules_of(host_));
  new_list_ |= !same_list;
  if (!same_way) co_await close();
  if (!same_way || (!same_list && !probe_->set_watchlist())) probe_ = deps_.make_probe(host_);
  deps_.log.info("{} is watched by another configuration", host_.name.text());
}

net::awaitable<void> Watcher::run() {
  while (!retired_) {
    if (next_) co_await take_over(*std::exchange(next_, std::nullopt));
    {
      const auto slot = co_await deps_.checks.acquire();
      co_await check();
    }
    co_await listen_until_due();
  }
}

net::awaitable<void> Watcher::listen_until_due() {
  const Time started = deps_.clock.now();
  const auto& schedule = host_.frequency;
  const auto first = schedule.next(started);
  const auto second = first ? schedule.next(*first) : std::nullopt;
  const Duration gap = second ? *second - *first : kMostShift;
  const auto spread =
      static_cast<std::size_t>(std::max<std::int64_t>(std::min(gap, kMostShift).count(), 1));
  const Duration shift(std::hash<HostName>{}(host_.name) % spread);
  // The next of this host's own times: the schedule's, shifted.
  const auto due = schedule.next(started - shift);
  co_await listen_until(due ? *due + shift : Time::max());
}

net::awaitable<void> Watcher::listen_until(Time due) {
  const Time started = deps_.clock.now();
  for (Time now = started; now < due && now >= started && !next_ && !retired_;
       now = deps_.clock.now()) {
    const Time review_due = std::max(monitored_.next_review(now), now);
    co_await probe_->listen(
        net::within(std::min({due - now, review_due - now, kLongestSleep}, std::less<Duration>())));
    auto update = begin_update();
    const bool check_again = take_pushed(update);
    if (const Time now_then = deps_.clock.now(); now_then >= review_due)
      update.add(monitored_.pass(now_then), monitored_.host());
    if (deps_.on_update) deps_.on_update(monitored_);
    co_await update.write();
    if (check_again) co_return co_await net::sleep_for(kGather);
  }
}

net::awaitable<void> Watcher::check() {
  const auto begun = net::MonotonicClock::now();
  auto services = co_await probe_->check(net::within(kCheckLimit));
  deps_.metrics.count_check(host_.name, services ? "ok" : to_string(services.error().kind),
                            net::MonotonicClock::now() - begun);
  const Observation observation{
      .host = host_.name, .at = deps_.clock.now(), .services = std::move(services)};
  log_unreached(observation);
  auto update = begin_update();
  (void)take_pushed(update);  // this is the check that it may call for
  update.add(monitored_.apply(observation), monitored_.host());
  if (deps_.on_update) deps_.on_update(monitored_);
  if (observation.services && std::exchange(new_list_, false)) log_idle_patterns();
  report_all(observation.at);
  co_await update.write();
}

bool Watcher::take_pushed(HostUpdate& update) {
  const auto pushed = probe_->take_pushed();
  const Time now = deps_.clock.now();
  if (!pushed.services.empty()) deps_.metrics.count_pushed(host_.name, pushed.services.size());
  for (const auto& service : pushed.services)
    update.add(monitored_.apply_pushed(service, now), monitored_.host());
  report(pushed.services, now);
  return pushed.check_again;
}

/// Each new reason is worth a line.
void Watcher::log_unreached(const Observation& observation) {
  const auto kind =
      observation.services ? std::nullopt : std::optional(observation.services.error().kind);
  if (kind == last_error_) return;
  last_error_ = kind;
  if (kind == ErrorKind::login_refused) {  // one warning for the credential says it all
    deps_.log.info("{} cannot be checked: {}", host_.name.text(),
                   observation.services.error().what);
  } else if (kind) {
    deps_.log.warn("{} cannot be checked: {}", host_.name.text(),
                   observation.services.error().what);
  } else {
    deps_.log.info("{} can be checked again", host_.name.text());
  }
}

void Watcher::log_idle_patterns() {
  for (const auto& pattern : monitored_.idle_patterns())
    deps_.log.warn("{}: no service is found by `{}`; one that comes later will be",
                   host_.name.text(), pattern);
}

notify::ServiceReport Watcher::report_of(const ServiceName& service,
                                         const TrackedService& tracked) const {
  notify::ServiceReport report{.state = tracked.seen.state};
  std::tie(report.name, report.friendly_name) = monitored_.names_of(service);
  report.details = monitored_.details(service);
  return report;
}

void Watcher::report_all(Time at) const {
  if (!is_reported()) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  report.services.reserve(monitored_.services().size());
  for (const auto& [name, tracked] : monitored_.services())
    report.services.push_back(report_of(name, tracked));
  deps_.report(report);
}

void Watcher::report(std::span<const ObservedService> pushed, Time at) const {
  if (pushed.empty() || !is_reported()) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  const auto& known = monitored_.services();
  for (const auto& service : pushed) {
    const auto tracked = known.find(service.name);
    if (tracked != known.end()) report.services.push_back(report_of(service.name, tracked->second));
  }
  deps_.report(report);
}

net::awaitable<void> Watcher::close() { co_await probe_->close(net::within(kLogOffLimit)); }

}  // namespace tocsin::daemon
