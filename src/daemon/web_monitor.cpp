#include "daemon/web_monitor.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/control.h"
#include "daemon/credentials.h"
#include "daemon/entered.h"
#include "net/timer.h"
#include "platform/time_zones.h"

namespace tocsin::daemon {
namespace {

constexpr auto kMeasureEvery = std::chrono::seconds(1);
/// Each costs a login.
constexpr std::size_t kDiagnosesAtOnce = 4;
constexpr std::size_t kControlledAtOnce = 8;
constexpr auto kLogOffAfterDiagnosis = std::chrono::seconds(1);

web::WatchedHost watched(const Watcher& watcher) {
  web::WatchedHost host{.monitored = watcher.monitored(),
                        .address = watcher.host().address,
                        .source = to_string(watcher.host().source),
                        .checked = watcher.last_check().has_value(),
                        .control = watcher.configured().control.has_value()};
  if (const auto& last = watcher.last_check()) {
    host.checked_at = last->at;
    host.took = last->took;
  }
  return host;
}

web::WatchedHost watched(const MonitoredHost& cluster) {
  return {.monitored = cluster, .address = {}, .source = "cluster", .checked = true};
}

web::PlannedSilence planned(const config::Maintenance& maintenance, Time begin, Time end,
                            Time now) {
  web::PlannedSilence silence{.name = maintenance.name,
                              .scopes = {},
                              .begin = begin,
                              .end = end,
                              .active = begin <= now && now < end,
                              .reason = maintenance.reason};
  for (const auto& scope : maintenance.scopes) silence.scopes.push_back(scope.text());
  return silence;
}

struct AsTestAnswer {
  web::TestAnswer operator()(const notify::Delivered& answer) const {
    return {.delivered = true, .text = answer.detail};
  }
  web::TestAnswer operator()(const auto& answer) const {
    return {.delivered = false, .text = answer.reason};
  }
};

}  // namespace

/// One request, which lasts as long as anybody has it.
struct WebMonitor::Control {
  Control(WebMonitor& of, config::Host at, probe::ControlRequest asked, std::string by)
      : host(std::move(at)),
        request(std::move(asked)),
        who(std::move(by)),
        ended(of.deps_.executor) {
    under_way.emplace(of.controlled_, host.name);
  }

  config::Host host;  ///< a copy: a reload may take the watcher away
  probe::ControlRequest request;
  std::string who;
  std::optional<Entered> under_way;
  web::Controlled shown;
  net::Event ended;
};

web::Diagnosis shown(const config::Host& host, const probe::Diagnosis& diagnosis) {
  web::Diagnosis all{.host = host.name.text(),
                     .address = host.address,
                     .port = host.port,
                     .result = to_string(probe::verdict(diagnosis)),
                     .steps = {}};
  for (const auto& [step, outcome, found, advice] : diagnosis)
    all.steps.push_back({to_string(step), to_string(outcome), found, advice});
  return all;
}

void WebMonitor::for_each(const std::function<void(const web::WatchedHost&)>& visit) const {
  deps_.fleet.for_each([&visit](const Watcher& watcher) { visit(watched(watcher)); });
  deps_.clusters.for_each([&visit](const MonitoredHost& cluster) { visit(watched(cluster)); });
}

std::optional<web::WatchedHost> WebMonitor::find(const HostName& host) const {
  if (const auto* watcher = deps_.fleet.find_watcher(host)) return watched(*watcher);
  if (const auto* cluster = deps_.clusters.find(host)) return watched(*cluster);
  return std::nullopt;
}

net::awaitable<std::expected<web::Diagnosis, web::NotDiagnosed>> WebMonitor::diagnose(
    HostName name, std::string who) {
  const auto* watcher = deps_.fleet.find_watcher(name);
  if (watcher == nullptr) co_return std::unexpected(web::NotDiagnosed::no_such_host);
  if (diagnosed_.contains(name)) co_return std::unexpected(web::NotDiagnosed::under_way);
  if (diagnosed_.size() >= kDiagnosesAtOnce) co_return std::unexpected(web::NotDiagnosed::too_many);
  const Entered entered(diagnosed_, std::move(name));
  const auto host = watcher->configured();  // a copy: a reload may take the watcher away
  note(who, "diagnosis of host " + host.name.text());
  const auto probe = deps_.probes.make(host);
  const auto diagnosis = co_await probe->diagnose(net::within(probe::kDiagnosisLimit));
  co_await probe->close(net::within(kLogOffAfterDiagnosis));
  co_return shown(host, diagnosis);
}

net::awaitable<std::expected<web::Controlled, web::NotControlled>> WebMonitor::control(
    HostName name, ServiceName service, ActionKind action, bool dry_run, std::string who) {
  const auto* watcher = deps_.fleet.find_watcher(name);
  if (watcher == nullptr) co_return std::unexpected(web::NotControlled::no_such_host);
  const auto* found = watcher->monitored().services().find(service);
  if (found == nullptr) co_return std::unexpected(web::NotControlled::no_such_service);
  const auto& host = watcher->configured();
  if (!host.control) co_return std::unexpected(web::NotControlled::only_watched);
  if (controlled_.contains(name) || deps_.is_recovering(name))
    co_return std::unexpected(web::NotControlled::under_way);
  if (finishing_ || controlled_.size() >= kControlledAtOnce)
    co_return std::unexpected(web::NotControlled::too_many);
  const probe::ControlRequest request{
      .kind = control_kind(action), .service = found->name, .dry_run = dry_run};
  const auto begun = std::make_shared<Control>(*this, host, request, std::move(who));
  controls_.spawn(run(begun));
  co_await begun->ended.wait();
  co_return begun->shown;
}

net::awaitable<void> WebMonitor::run(std::shared_ptr<Control> control) {
  auto& [host, request, who, under_way, shown, ended] = *control;
  const auto what =
      fmt::format("{} of service {} on host {}{}", to_string(request.kind), request.service.text(),
                  host.name.text(), request.dry_run ? " (dry run)" : "");
  note(who, what);
  const auto way = deps_.probes.make_control(host);
  const auto report = co_await way->run(request, net::within(kControlLimit));
  shown = daemon::shown(host, request, report);
  if (!request.dry_run) {
    deps_.log.notice("{}: {}", what, shown.summary);
    const auto did = by_person(host.name, request, report, {.name = who, .at = now()});
    const auto kept = co_await deps_.worker.run([&] { return deps_.stored.add_control(did); });
    if (!kept) deps_.log.warn("{}: the history does not have it: {}", what, kept.error().what);
    deps_.on_action();
    deps_.fleet.check_soon(host.name);
  }
  under_way.reset();
  ended.set();
}

net::awaitable<void> WebMonitor::finish(net::Deadline deadline) {
  finishing_ = true;
  (void)co_await controls_.join_until(deadline);
  for (const auto& host : controlled_) deps_.log.error("{}", left_behind(host));
  controls_.cancel();
  co_await controls_.join();
}

std::vector<HostName> WebMonitor::firing_credentials() const {
  std::vector<HostName> firing;
  deps_.logins.for_each([&firing](const logins::Gate& gate) {
    if (is_firing_credential(gate)) firing.emplace_back(gate.id().value);
  });
  return firing;
}

std::optional<Suppression> WebMonitor::silence_of(const HostName& host,
                                                  const ServiceName& service) const {
  return deps_.silences.find(host, service, now());
}

std::vector<web::PlannedSilence> WebMonitor::planned_silences() const {
  std::vector<web::PlannedSilence> all;
  for (const auto& maintenance : deps_.silences.maintenance()) {
    const auto& window = maintenance.window;
    const auto until = window.open_until(now());
    const auto begin = until ? std::optional(*until - window.length) : window.begins.next(now());
    if (begin) all.push_back(planned(maintenance, *begin, *begin + window.length, now()));
  }
  return all;
}

std::vector<web::DestinationName> WebMonitor::destinations() const {
  std::vector<web::DestinationName> all;
  if (!deps_.pipeline) return all;
  for (const auto& destination : deps_.pipeline->destinations())
    all.push_back({.key = destination.channel->key(), .name = destination.channel->name()});
  return all;
}

std::vector<web::Routed> WebMonitor::route(const Alert& alert) const {
  std::vector<web::Routed> routed;
  if (!deps_.pipeline) return routed;
  for (const auto& target : deps_.pipeline->routing().targets(alert)) {
    const auto& channel = *deps_.pipeline->destinations()[target.destination].channel;
    if (channel.wants(alert))
      routed.push_back(
          {.destination = {.key = channel.key(), .name = channel.name()}, .after = target.after});
  }
  return routed;
}

net::awaitable<std::optional<web::TestAnswer>> WebMonitor::test(std::string key) {
  if (!deps_.pipeline) co_return std::nullopt;
  const auto answer = co_await deps_.pipeline->test(std::move(key));
  if (!answer) co_return std::nullopt;
  co_return std::visit(AsTestAnswer{}, *answer);
}

void WebMonitor::note(std::string_view who, std::string_view what) {
  deps_.log.notice("{} by {}, through the web", what, who);
}

web::OwnState WebMonitor::own_state() const {
  std::error_code error;
  std::uintmax_t bytes = 0;
  for (const auto name : store::kFiles) {
    if (const auto size = std::filesystem::file_size(deps_.data_directory / name, error); !error)
      bytes += size;
  }
  return {.version = deps_.version,
          .started = started_,
          .time_zone = platform::own_time_zone(),
          .store_bytes = bytes,
          .loop_lag = lag_,
          .stuck_threads = deps_.probes.stuck_threads(),
          .lost_log_lines = deps_.log.lost_lines()};
}

/// A cluster is no host, and what its services are is known of its members already.
void WebMonitor::count_hosts(Gauges& now) const {
  auto& about_services = now.open.at(std::to_underlying(About::service));
  auto& about_hosts = now.open.at(std::to_underlying(About::host));
  for (const auto& [name, summary] : board_.hosts()) about_services += summary.open;
  now.services = board_.states();
  deps_.fleet.for_each([&](const Watcher& watcher) {
    const auto& host = watcher.monitored();
    if (!watcher.last_check())
      now.unchecked++;
    else
      (host.host().error.empty() ? now.reached : now.unreached)++;
    if (host.firing_since({})) about_hosts++;
  });
  about_services -= std::min(about_services, about_hosts);
  deps_.clusters.for_each([&](const MonitoredHost& cluster) {
    const auto found = board_.hosts().find(cluster.name());
    if (found == board_.hosts().end()) return;
    for (std::size_t i = 0; i < now.services.size(); i++)
      now.services.at(i) -= found->second.states.at(i);
  });
}

net::awaitable<std::vector<DestinationGauges>> WebMonitor::destination_gauges() {
  const auto stored = co_await stored_();
  std::vector<DestinationGauges> all;
  if (!deps_.pipeline) co_return all;
  std::map<std::string, int> named;
  for (const auto& destination : deps_.pipeline->destinations()) {
    auto& added = all.emplace_back(
        DestinationGauges{.key = destination.channel->key(), .name = notify::name_of(destination)});
    if (const int nth = ++named[added.name]; nth > 1) added.name += fmt::format(" {}", nth);
    if (!stored) continue;
    added.stored.emplace();
    const auto found = std::ranges::find(*stored, added.key, &store::DestinationState::destination);
    if (found == stored->end()) continue;
    added.stored->waiting = found->waiting;
    added.stored->dead = found->dead;
    if (found->oldest) added.stored->oldest = std::max(this->now() - *found->oldest, Duration(0));
  }
  co_return all;
}

Gauges WebMonitor::gauges() const {
  Gauges now{.version = deps_.version,
             .started = started_,
             .loop_lag = lag_,
             .stuck_threads = deps_.probes.stuck_threads(),
             .lost_log_lines = deps_.log.lost_lines()};
  now.open.at(std::to_underlying(About::credential)) = firing_credentials().size();
  count_hosts(now);
  return now;
}

net::awaitable<std::string> WebMonitor::metrics() {
  auto destinations = co_await destination_gauges();
  auto now = gauges();
  now.destinations = std::move(destinations);
  co_return deps_.metrics.text(now);
}

bool WebMonitor::is_ready() const { return deps_.pipeline != nullptr; }

net::awaitable<void> WebMonitor::measure_lag() {
  for (;;) {
    const auto due = net::within(kMeasureEvery);
    co_await net::sleep_until(due);
    lag_ = net::MonotonicClock::now() - due;
  }
}

}  // namespace tocsin::daemon
