#include "daemon/clusters.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "net/now.h"

namespace tocsin::daemon {
namespace {

/// The machine's clock may jump; it is read at least this often.
constexpr Duration kLongestSleep = std::chrono::seconds(10);

MonitoredHost::Rules rules_of(const config::Cluster& cluster) {
  return {.services = cluster.services, .policy = {}};
}

ServiceState state_of(const MonitoredHost& host, const ServiceName& service) {
  const auto* known = host.services().find(service);
  if (!host.host().error.empty() || known == nullptr) return ServiceState::unknown;
  return known->tracked.seen.state;
}

}  // namespace

void Clusters::set_clusters(std::vector<config::Cluster> clusters, Known& known) {
  std::set<HostName> named;
  auto before = std::exchange(members_, {});
  for (auto& cluster : clusters) {
    named.insert(cluster.name);
    for (const auto& host : cluster.hosts) {
      auto& member = members_[host];
      member.clusters.insert(cluster.name);
      for (const auto& service : cluster.services.exact_names())
        member.services[service] = before[host].services[service];
    }
    if (const auto found = clusters_.find(cluster.name); found != clusters_.end()) {
      found->second.monitored.set_rules(rules_of(cluster));
      found->second.cluster = std::move(cluster);
      found->second.stale = true;
      continue;
    }
    MonitoredHost monitored(
        cluster.name, rules_of(cluster), std::move(known[cluster.name]),
        [this, name = cluster.name](const ServiceName& service, Time now) {
          return deps_.silences.find(name, service, now);
        },
        [this, name = cluster.name](const ServiceName& service, Time since) {
          return deps_.acks.find(name, service, since);
        });
    const auto name = cluster.name;
    clusters_.emplace(name, Judged{std::move(cluster), std::move(monitored)});
  }
  retire_others(named);
  updated_.set();
}

void Clusters::retire_others(const std::set<HostName>& named) {
  for (auto at = clusters_.begin(); at != clusters_.end();) {
    auto& [name, judged] = *at;
    if (named.contains(name)) {
      ++at;
      continue;
    }
    auto& update = last_updates_.emplace_back(begin_update(name));
    update.add(judged.monitored.retire(net::now_by(deps_.clock)), judged.monitored.host());
    at = clusters_.erase(at);
  }
}

const MonitoredHost* Clusters::find(const HostName& cluster) const {
  const auto found = clusters_.find(cluster);
  return found == clusters_.end() ? nullptr : &found->second.monitored;
}

void Clusters::for_each(const std::function<void(const MonitoredHost&)>& visit) const {
  for (const auto& [name, judged] : clusters_) visit(judged.monitored);
}

bool Clusters::has_all(const std::vector<config::Cluster>& clusters) const {
  return std::ranges::all_of(clusters, [this](const config::Cluster& cluster) {
    return clusters_.contains(cluster.name);
  });
}

void Clusters::update(const MonitoredHost& host) {
  const auto member = members_.find(host.name());
  if (member == members_.end()) return;
  for (auto& [service, state] : member->second.services) state = state_of(host, service);
  for (const auto& cluster : member->second.clusters) clusters_.at(cluster).stale = true;
  updated_.set();
}

/// Whether all its services were observed on all its hosts.
bool Clusters::is_complete(const config::Cluster& cluster) const {
  return std::ranges::all_of(cluster.hosts, [&](const HostName& host) {
    const auto& observed = members_.at(host).services;
    return std::ranges::all_of(
        cluster.services.exact_names(),
        [&observed](const ServiceName& service) { return observed.at(service).has_value(); });
  });
}

PrefixedLog Clusters::log_of(const HostName& cluster) const {
  return deps_.log.of("cluster " + cluster.text());
}

ClusterVerdict Clusters::judge(const config::Cluster& cluster, const ServiceName& service) const {
  return tocsin::judge(cluster.rule, cluster.hosts, [&](const HostName& host) {
    return members_.at(host).services.at(service).value_or(ServiceState::unknown);
  });
}

MonitoredHost::Outcome Clusters::check(Judged& judged, Now now) const {
  std::vector<ObservedService> services;
  std::map<ServiceName, std::string> reasons;
  notify::StatusReport report{.host = judged.cluster.name, .at = now.wall, .services = {}};
  for (const auto& service : judged.cluster.services.exact_names()) {
    auto verdict = judge(judged.cluster, service);
    if (judged.stale && deps_.log.wants(config::LogLevel::debug))
      log_of(judged.cluster.name)
          .debug("judged: {} {}: {}", service.text(), to_string(verdict.state), verdict.reason);
    services.push_back({.name = service, .status = {.state = verdict.state}, .details = {}});
    reasons[service] = std::move(verdict.reason);
    report.services.push_back(
        {.name = service, .friendly_name = {}, .state = verdict.state, .details = {}});
  }
  if (judged.stale) deps_.status.report(report);
  auto outcome =
      std::exchange(judged.stale, false)
          ? judged.monitored.apply(
                {.host = judged.cluster.name, .at = now, .services = std::move(services)})
          : judged.monitored.pass(now);
  for (auto& alert : outcome.alerts)
    alert.reason = join_reasons(reasons[alert.service], alert.reason);
  return outcome;
}

net::awaitable<void> Clusters::run() {
  for (;;) {
    updated_.reset();
    const Now now = net::now_by(deps_.clock);
    Time due = now.steady + kLongestSleep;
    auto updates = std::exchange(last_updates_, {});
    for (auto& [name, judged] : clusters_) {
      if (judged.stale && !is_complete(judged.cluster)) {
        judged.stale = false;  // up to the next update of a member
        judged.due = Time::max();
      }
      if (judged.stale || now.steady >= judged.due) {
        updates.push_back(begin_update(name));
        auto outcome = check(judged, now);
        const bool is_news = !outcome.empty();
        updates.back().add(std::move(outcome), judged.monitored.host());
        if (is_news && deps_.on_change) deps_.on_change(judged.monitored);
        judged.due = now.to_steady(judged.monitored.next_review(now), kLongestSleep);
      }
      due = std::min(due, judged.due);
    }
    for (auto& update : updates) co_await update.write();
    co_await updated_.wait_until(net::within(due - now.steady));
  }
}

}  // namespace tocsin::daemon
