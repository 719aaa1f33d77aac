#include "daemon/web_monitor.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <variant>

#include "daemon/credentials.h"
#include "net/timer.h"

namespace tocsin::daemon {
namespace {

constexpr auto kMeasureEvery = std::chrono::seconds(1);

web::WatchedHost watched(const Watcher& watcher) {
  web::WatchedHost host{.monitored = watcher.monitored(),
                        .address = watcher.host().address,
                        .source = to_string(watcher.host().source),
                        .checked = watcher.last_check().has_value()};
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

void WebMonitor::for_each(const std::function<void(const web::WatchedHost&)>& visit) const {
  deps_.fleet.for_each([&visit](const Watcher& watcher) { visit(watched(watcher)); });
  deps_.clusters.for_each([&visit](const MonitoredHost& cluster) { visit(watched(cluster)); });
}

std::optional<web::WatchedHost> WebMonitor::find(const HostName& host) const {
  if (const auto* watcher = deps_.fleet.find_watcher(host)) return watched(*watcher);
  if (const auto* cluster = deps_.clusters.find(host)) return watched(*cluster);
  return std::nullopt;
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
          .time_zone = {},
          .store_bytes = bytes,
          .loop_lag = lag_,
          .stuck_threads = deps_.probes.stuck_threads(),
          .lost_log_lines = deps_.log.lost_lines()};
}

net::awaitable<std::string> WebMonitor::metrics() {
  deps_.metrics.set_stuck_threads(deps_.probes.stuck_threads());
  deps_.metrics.set_lost_log_lines(deps_.log.lost_lines());
  co_return deps_.metrics.text();
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
