#include "daemon/watcher.h"

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/check_log.h"
#include "net/now.h"
#include "probe/scm_terms.h"

namespace tocsin::daemon {
namespace {

/// For one check with everything in it: connecting, logging in, asking. A host that needs longer is
/// reported as not reached.
constexpr auto kCheckLimit = std::chrono::seconds(30);
/// A check that fails so fast may have met a connection that the host, or something on the way, has
/// dropped: one more try tells.
constexpr auto kQuickFailure = std::chrono::seconds(2);
constexpr auto kTryAgainAfter = std::chrono::milliseconds(500);
/// The most by which a host's checks are shifted from the schedule's times.
constexpr Duration kMostShift = std::chrono::seconds(10);
/// What may shorten a pause is looked for all the while (look_up).
constexpr Duration kLongestSleep = std::chrono::hours(1);
/// By less no pause is ended early.
constexpr auto kLeastGain = std::chrono::milliseconds(100);
/// From the pushed change that services came or went to the check that finds out which: an
/// installer makes many.
constexpr auto kGather = std::chrono::milliseconds(200);
/// An alert whose details are not known waits for them no longer.
constexpr auto kAlertWait = std::chrono::seconds(2);
/// For details that are read at a time. The next check and what is pushed wait for them.
constexpr auto kDetailsLimit = std::chrono::seconds(3);
constexpr std::size_t kDetailsInOneGo = 64;
/// For renewing a ticket after a check.
constexpr auto kRenewalLimit = std::chrono::seconds(3);
/// For logging off; a host that does not answer forgets the session by itself.
constexpr auto kLogOffLimit = std::chrono::seconds(2);

/// What a pause may take.
Duration shortest(Duration until_review, Duration until_due) {
  return std::min({until_review, until_due, kLongestSleep});
}

MonitoredHost::Rules rules_of(const config::Host& host) {
  return {.services = host.services, .policy = host.policy};
}

std::string subject_of(const config::Host& host) { return "host " + host.name.text(); }

}  // namespace

Watcher::Watcher(config::Host host, MonitoredHost::Known known, std::shared_ptr<const Deps> deps)
    : host_(std::move(host)),
      deps_(std::move(deps)),
      log_(deps_->log.of(subject_of(host_))),
      metrics_(deps_->metrics.of(host_.name)),
      monitored_(
          host_.name, rules_of(host_), std::move(known),
          [this](const ServiceName& service, Time now) {
            return deps_->silences.find(host_.name, service, now);
          },
          [this](const ServiceName& service, Time firing_since) {
            return deps_->acks.find(host_.name, service, firing_since);
          },
          [this](const ServiceName& service) {
            return deps_->recovery ? deps_->recovery(host_.name, service) : nullptr;
          }),
      probe_(make_probe()) {}

std::unique_ptr<probe::Probe> Watcher::make_probe() const {
  auto probe = deps_->make_probe(host_);
  std::vector<ObservedService> known;
  for (const auto& [name, tracked, details, rests] : monitored_.services()) {
    if (details)
      known.push_back({.name = name,
                       .status = {.state = tracked.settled, .process_id = tracked.process_id},
                       .details = details});
  }
  probe->recall(known);
  return probe;
}

bool Watcher::reconfigure(config::Host host) {
  retired_ = false;
  if (config::is_same(next_ ? *next_ : host_, host)) return false;
  next_ = std::make_unique<config::Host>(std::move(host));
  end_pause();
  return true;
}

void Watcher::retire() {
  retired_ = true;
  end_pause();
}

void Watcher::check_soon() {
  check_soon_ = true;
  end_pause();
}

void Watcher::say_change() const {
  if (deps_->on_change) deps_->on_change(monitored_, last_check_.has_value());
}

net::awaitable<void> Watcher::take_over() {
  auto next = *std::exchange(next_, nullptr);
  const bool same_way = config::is_asked_alike(host_, next);
  const bool same_list = host_.services == next.services;
  const auto keys = fmt::format("{}", fmt::join(config::differing_keys(host_, next), ", "));
  host_ = std::move(next);
  log_ = deps_->log.of(subject_of(host_));
  monitored_.set_rules(rules_of(host_));
  new_list_ |= !same_list;
  if (!same_way) co_await close();
  if (!same_way || (!same_list && !probe_->set_watchlist())) probe_ = make_probe();
  log_.info("configuration changed: {}", keys);
}

net::awaitable<void> Watcher::run() {
  while (!retired_) {
    if (next_) co_await take_over();
    {
      const auto slot = co_await deps_->checks.acquire();
      const bool felt = co_await feel_pulse();
      if (!felt) co_await check();
      co_await probe_->stay_logged_in(net::within(kRenewalLimit));
    }
    rounds_++;
    if (!std::exchange(checked_, true) && deps_->on_first_check) deps_->on_first_check();
    co_await listen_until(next_due());
    report_unreported();
  }
}

Time Watcher::next_due() const {
  const Now now = net::now_by(deps_->clock);
  const Time started = now.wall;
  const auto& schedule = host_.frequency;
  const auto first = schedule.next(started);
  const auto second = first ? schedule.next(*first) : std::nullopt;
  const Duration gap = second ? *second - *first : kMostShift;
  const auto spread =
      static_cast<std::size_t>(std::max<std::int64_t>(std::min(gap, kMostShift).count(), 1));
  const Duration shift(std::hash<HostName>{}(host_.name) % spread);
  // The next of this host's own times: the schedule's, shifted.
  auto due = schedule.next(started - shift);
  if (due) *due += shift;
  if (log_.wants_debug()) log_schedule(log_, due, monitored_.next_review(now));
  return due.value_or(Time::max());
}

Duration Watcher::until_review(Now now) const {
  return std::max(monitored_.next_review(now) - now.wall, Duration(0));
}

void Watcher::end_pause() {
  if (!waits_) return;
  pause_.end();
  probe_->stop_listening();
}

void Watcher::look_up() {
  if (deps_->on_update) deps_->on_update(monitored_);
  if (!waits_) return;
  const Now now = net::now_by(deps_->clock);
  const bool is_over = next_ || retired_ || now.wall < waits_->since;
  const auto until = net::within(shortest(until_review(now), waits_->due - now.wall));
  if (is_over || until + kLeastGain < waits_->until) end_pause();
}

net::awaitable<void> Watcher::listen_until(Time due) {
  const Now started = net::now_by(deps_->clock);
  auto details = line_up_for_details();
  if (!details) report_unreported();
  for (Now now = started;
       now.wall < due && now.wall >= started.wall && !next_ && !retired_ && !check_soon_;
       now = net::now_by(deps_->clock)) {
    const Duration review = until_review(now);
    const auto until = net::within(shortest(review, due - now.wall));
    if (details && details->has_come()) {
      const bool more = co_await read_details();
      details = more ? line_up_for_details() : nullptr;
      if (!details) report_unreported();
    } else {
      waits_ = {.since = started.wall, .due = due, .until = until};
      if (host_.push)
        co_await probe_->listen(until);
      else
        co_await pause_.wait_until(until);
      waits_.reset();
    }
    co_await record_pause(now, review);
    if (check_again_) co_return co_await net::sleep_for(kGather);
  }
}

net::awaitable<void> Watcher::record_pause(Now begun, Duration review) {
  auto update = begin_update();
  check_again_ = take_pushed(update);
  if (const Now now = net::now_by(deps_->clock); now.steady - begun.steady >= review)
    add(monitored_.pass(now), update);
  if (deps_->on_update) deps_->on_update(monitored_);
  co_await update.write();
}

bool Watcher::may_be_dropped(const Error& error, net::MonotonicClock::duration took) const {
  const bool was_reached = monitored_.host().error.empty() && !monitored_.services().empty();
  return was_reached && took < kQuickFailure && error.kind != ErrorKind::login_refused &&
         error.kind != ErrorKind::exhausted && !probe::is_shutdown(error);
}

bool Watcher::may_skip_check() const {
  const Time now = deps_->clock.now();
  const auto rests = [](const KnownService& service) {
    const auto state = service.tracked.seen.state;
    return !is_pending(state) && state != ServiceState::unknown;
  };
  return host_.push && checked_ && !check_soon_ && !last_error_ && !new_list_ && !check_again_ &&
         skipped_ + 1 < host_.check_every_nth && monitored_.waiting_alerts(now).empty() &&
         std::ranges::all_of(monitored_.services(), rests);
}

net::awaitable<bool> Watcher::feel_pulse() {
  if (!may_skip_check()) co_return false;
  const auto begun = net::MonotonicClock::now();
  const bool felt = co_await probe_->has_pulse(net::within(kCheckLimit));
  if (!felt) co_return false;
  last_check_ = {.at = deps_->clock.now(), .took = net::MonotonicClock::now() - begun};
  skipped_++;
  log_.debug("check left out, the host tells of changes: {} of {}", skipped_,
             host_.check_every_nth - 1);
  report_all(deps_->clock.now());
  co_return true;
}

net::awaitable<Result<Watcher::Answer>> Watcher::observe() {
  const auto deadline = net::within(kCheckLimit);
  const auto begun = net::MonotonicClock::now();
  auto answer = co_await ask(deadline);
  say_notice();
  if (answer || !may_be_dropped(answer.error(), net::MonotonicClock::now() - begun))
    co_return answer;
  log_.debug("check failed at once, tried once more: {}", answer.error().what);
  co_await net::sleep_for(kTryAgainAfter);
  answer = co_await ask(deadline);
  say_notice();
  co_return answer;
}

net::awaitable<Result<Watcher::Answer>> Watcher::ask(net::Deadline deadline) {
  if (monitored_.is_at_rest(net::now_by(deps_->clock)))
    co_return co_await probe_->recheck(deadline);
  auto services = co_await probe_->check(deadline);
  if (!services) co_return std::unexpected(std::move(services).error());
  co_return *std::move(services);
}

void Watcher::say_notice() const {
  const auto notice = probe_->last_check().notice;
  if (!notice.empty()) log_.warn("{}", notice);
}

net::awaitable<void> Watcher::complete(Observation& observation) {
  auto lacking = monitored_.lacking_details(observation);
  if (lacking.empty()) co_return;
  const auto read = co_await probe_->read_details(std::move(lacking), net::within(kAlertWait));
  if (!read) {
    observation.services = std::unexpected(read.error());
    co_return;
  }
  observation.services->attach_details(*read);
}

std::unique_ptr<net::Semaphore::Turn> Watcher::line_up_for_details() {
  if (!monitored_.host().error.empty() || probe_->due_details().empty()) return nullptr;
  return std::make_unique<net::Semaphore::Turn>(deps_->details, [this] { end_pause(); });
}

net::awaitable<bool> Watcher::read_details() {
  auto due = probe_->due_details();
  const auto before = due.size();
  due.resize(std::min(before, kDetailsInOneGo));
  const auto read = co_await probe_->read_details(std::move(due), net::within(kDetailsLimit));
  if (log_.wants_debug()) log_details(log_, probe_->last_check());
  if (!read) co_return false;  // it is going down, as the next check will say
  auto update = begin_update();
  add(monitored_.learn(*read), update);
  co_await update.write();
  co_return probe_->due_details().size() < before;
}

void Watcher::add(MonitoredHost::Outcome outcome, HostUpdate& update) const {
  for (auto& alert : outcome.alerts) {
    if (alert.kind == TransitionKind::unreachable && deps_->notice) alert.notice = deps_->notice();
  }
  const bool is_news = !outcome.empty();
  update.add(std::move(outcome), monitored_.host());
  if (is_news) say_change();
}

net::awaitable<void> Watcher::check() {
  skipped_ = 0;
  check_soon_ = false;
  check_again_ = false;
  if (log_.wants_debug()) log_begin(log_, host_);
  const auto begun = net::MonotonicClock::now();
  auto answer = co_await observe();
  const auto took = net::MonotonicClock::now() - begun;
  const auto error = answer ? std::nullopt : std::optional(answer.error().kind);
  deps_->metrics.count_check(metrics_, error, took);
  // Our own lack says nothing of the host: what is known of it stays as it is.
  if (!answer && answer.error().kind == ErrorKind::exhausted)
    co_return log_unreached(&answer.error());
  if (answer && !*answer) co_return note_same(took);
  Observation observation{.host = host_.name,
                          .at = net::now_by(deps_->clock),
                          .services = {},
                          .boot = probe_->boot_signs()};
  if (answer)
    observation.services = **std::move(answer);
  else
    observation.services = std::unexpected(std::move(answer).error());
  co_await complete(observation);
  auto update = begin_update();
  (void)take_pushed(update);  // this is the check that it may call for
  auto outcome = monitored_.apply(observation);
  if (log_.wants_debug())
    log_answer(log_, observation, outcome.services, took, probe_->last_check());
  log_unreached(observation.services ? nullptr : &observation.services.error());
  const bool is_first = !last_check_;
  last_check_ = {.at = observation.at.wall, .took = took};
  if (is_first && outcome.empty()) say_change();
  add(std::move(outcome), update);
  if (log_.wants_debug())
    log_waiting(log_, monitored_, deps_->silences.find(host_.name, {}, observation.at.wall),
                observation.at.wall);
  if (deps_->on_update) deps_->on_update(monitored_);
  if (observation.services && std::exchange(new_list_, false)) log_idle_patterns();
  log_limit();
  // The first state of a service goes out with its names and start mode.
  if (deps_->status.is_wanted() && lacks_details()) {
    unreported_ = observation.at.wall;
  } else {
    report_all(observation.at.wall);
  }
  co_await update.write();
}

void Watcher::note_same(net::MonotonicClock::duration took) {
  if (log_.wants_debug()) log_same(log_, took, probe_->last_check());
  log_unreached(nullptr);
  last_check_ = {.at = deps_->clock.now(), .took = took};
  if (deps_->on_update) deps_->on_update(monitored_);
  if (!unreported_) report_all(last_check_->at);
}

bool Watcher::lacks_details() const {
  return std::ranges::any_of(monitored_.services(), [](const KnownService& service) {
    return service.details == nullptr || service.details->start_mode == StartMode::unknown;
  });
}

bool Watcher::take_pushed(HostUpdate& update) {
  const auto pushed = probe_->take_pushed();
  const Now now = net::now_by(deps_->clock);
  if (log_.wants_debug()) log_pushed(log_, pushed);
  if (!pushed.services.empty()) deps_->metrics.count_pushed(metrics_, pushed.services.size());
  for (const auto& service : pushed.services) add(monitored_.apply_pushed(service, now), update);
  report(pushed.services, now.wall);
  return pushed.check_again;
}

/// Each new reason is worth a line.
void Watcher::log_unreached(const Error* error) {
  const auto kind = error != nullptr ? std::optional(error->kind) : std::nullopt;
  if (kind == last_error_) return;
  last_error_ = kind;
  if (kind == ErrorKind::login_refused) {  // one warning for the credential says it all
    log_.info("check failed: {}", error->what);
  } else if (kind) {
    log_.warn("check failed: {}", error->what);
  } else {
    log_.info("check succeeds again");
  }
}

void Watcher::log_idle_patterns() {
  for (const auto& pattern : monitored_.idle_patterns())
    log_.warn("no service matches `{}` yet; later ones are picked up", pattern);
}

void Watcher::log_limit() {
  const bool was_full = std::exchange(is_full_, monitored_.services().size() >= kMostServices);
  if (is_full_ && !was_full)
    log_.warn(
        "{} services are watched, vanished ones included: further ones that patterns find are not",
        kMostServices);
}

notify::ServiceReport Watcher::report_of(const KnownService& service) const {
  notify::ServiceReport report{.state = service.tracked.seen.state};
  std::tie(report.name, report.friendly_name) = monitored_.names_of(service.name);
  report.details = service.details;
  return report;
}

void Watcher::report_all(Time at) const {
  if (!deps_->status.is_wanted()) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  report.services.reserve(monitored_.services().size());
  for (const auto& service : monitored_.services()) report.services.push_back(report_of(service));
  deps_->status.report(report);
}

void Watcher::report_unreported() {
  if (const auto at = std::exchange(unreported_, std::nullopt)) report_all(*at);
}

void Watcher::report(std::span<const ObservedService> pushed, Time at) const {
  if (pushed.empty() || !deps_->status.is_wanted()) return;
  notify::StatusReport report{.host = host_.name, .at = at};
  for (const auto& service : pushed) {
    if (const auto* known = monitored_.services().find(service.name))
      report.services.push_back(report_of(*known));
  }
  deps_->status.report(report);
}

net::awaitable<void> Watcher::forget() {
  auto update = begin_update();
  update.add(monitored_.retire(net::now_by(deps_->clock)), monitored_.host());
  co_await update.write();
}

net::awaitable<void> Watcher::close() {
  log_.debug("session closed: tocsin logs off");
  co_await probe_->close(net::within(kLogOffLimit));
}

}  // namespace tocsin::daemon
