#include "config/monitored/read_clusters.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/wildcard.h"
#include "config/monitored/host_names.h"
#include "config/section/duplicates.h"
#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

/// A failover takes its time.
constexpr Grace kGrace{.checks = 1, .time = std::chrono::seconds(60)};

constexpr std::string_view kRunningIs = "`running` must be `exactly one`, or `at least` a number";

/// "one", "2"; folded.
std::optional<std::size_t> parse_count(std::string_view text) {
  static const std::string one = fold_case("one");
  if (text == one) return 1;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

std::optional<ClusterRule> parse_rule(const std::string& written) {
  static const std::string exactly = fold_case("exactly ");
  static const std::string at_least = fold_case("at least ");
  const auto text = fold_case(written);
  const bool has_limit = text.starts_with(exactly);
  if (!has_limit && !text.starts_with(at_least)) return std::nullopt;
  const auto count =
      parse_count(std::string_view(text).substr((has_limit ? exactly : at_least).size()));
  if (!count) return std::nullopt;
  return ClusterRule{*count, has_limit ? *count : ClusterRule::kNoLimit};
}

/// Reads the entries of one list.
class ClusterReader {
 public:
  ClusterReader(const PolicySection& defaults, std::vector<Host>& hosts)
      : defaults_(defaults), hosts_(hosts) {
    for (std::size_t i = 0; i < hosts.size(); i++) numbers_.emplace(hosts[i].name, i);
  }

  void read(Section& entry, Cluster& cluster) {
    read_name(entry, cluster);
    const auto members = read_hosts(entry, cluster);
    std::vector<PlacedText> services;
    entry.placed_texts({.name = "services",
                        .description = "Key names of the services that must run. tocsin watches "
                                       "them on all hosts of the cluster.",
                        .need = Need::required,
                        .example = "[MSSQLSERVER, SQLSERVERAGENT]"},
                       services);
    read_rule(entry, cluster);
    PolicySection own;
    read_policy(
        entry,
        {.name = "policy",
         .description =
             "Rules for its alerts. `grace` defaults to `{time: 60s}`, the time of a failover.",
         .same_as = "serviceMonitor.policy"},
        own);
    Policy policy;
    defaults_.part.apply_to(policy);
    policy.grace = kGrace;
    own.part.apply_to(policy);
    policy.expected = Expected::running;
    std::vector<WatchedService> watched;
    for (const auto& service : services) {
      if (has_wildcard(service.text) || service.text.empty()) {
        entry.error(service.place, fmt::format("`services`: {} is not the key name of one service",
                                               in_backticks(service.text)));
        continue;
      }
      watched.push_back({.pattern = service.text, .policy = policy});
      for (const auto member : members) join(entry, service, member, cluster.name);
    }
    cluster.services = Watchlist(std::move(watched));
  }

  /// After all entries: makes the hosts watch what they were found to be members for.
  void finish() {
    for (auto& [member, services] : joined_) {
      auto& host = hosts_[member];
      std::vector<WatchedService> entries;  // the first that matches wins
      entries.reserve(services.size() + host.services.entries().size());
      for (auto& [name, service] : services) entries.push_back(std::move(service));
      std::ranges::copy(host.services.entries(), std::back_inserter(entries));
      host.services = Watchlist(std::move(entries));
    }
  }

 private:
  void read_name(Section& entry, Cluster& cluster) {
    std::string name;
    const auto place =
        entry.text({.name = "name",
                    .description = "Name of the cluster; alerts show it in place of a host.",
                    .need = Need::required,
                    .example = "SQL pair"},
                   name, must_not_be_empty);
    cluster.name = HostName(name);
    if (!place || !names_.add(entry, name, *place)) return;
    if (numbers_.contains(cluster.name))
      entry.error(*place, fmt::format("`name`: a host is called {} too", in_backticks(name)));
  }

  /// Answers their numbers.
  std::vector<std::size_t> read_hosts(Section& entry, Cluster& cluster) {
    std::vector<PlacedText> texts;
    entry.placed_texts(
        {.name = "hosts",
         .description = "Hosts of `monitor` that form the cluster. Ranges work as there.",
         .need = Need::required,
         .example = "[\"sql[1-2]\"]"},
        texts);
    std::vector<std::size_t> members;
    for (const auto& text : texts) {
      const auto names = expand_host_names(text.text, kMostHosts);
      if (!names) {
        entry.error(text.at(names.error().column), fmt::format("`hosts`: {}", names.error().text));
        continue;
      }
      for (const auto& name : *names) {
        const auto found = numbers_.find(HostName(name));
        if (found == numbers_.end()) {
          say_unknown(entry, text, name);
          break;
        }
        if (std::ranges::find(members, found->second) != members.end()) {
          entry.error(text.place, fmt::format("`hosts`: {} appears twice", in_backticks(name)));
          break;
        }
        members.push_back(found->second);
        cluster.hosts.push_back(found->first);
      }
    }
    return members;
  }

  void say_unknown(Section& entry, const PlacedText& text, const std::string& name) const {
    std::vector<std::string_view> known;
    known.reserve(numbers_.size());
    for (const auto& [host, number] : numbers_) known.emplace_back(host.text());
    entry.error(text.place, fmt::format("`hosts`: no host of `monitor` is called {}{}",
                                        in_backticks(name), did_you_mean(name, known)));
  }

  static void read_rule(Section& entry, Cluster& cluster) {
    const auto text = entry.placed_text(
        {.name = "running",
         .description =
             "Number of hosts that must run each service: `exactly one`, or `at least` a number.",
         .need = Need::required,
         .example = "exactly one"},
        must_not_be_empty);
    if (!text) return;
    const auto rule = parse_rule(text->text);
    if (!rule) {
      entry.error(text->place, std::string(kRunningIs));
    } else if (!cluster.hosts.empty() && rule->least > cluster.hosts.size()) {
      entry.error(text->place, fmt::format("`running`: {} is impossible with {} hosts",
                                           in_backticks(text->text), cluster.hosts.size()));
    } else {
      cluster.rule = *rule;
    }
  }

  /// The rule of the cluster decides; a change on a single host is no alert.
  void join(Section& entry, const PlacedText& service, std::size_t member,
            const HostName& cluster) {
    const auto& host = hosts_[member];
    const ServiceName name(service.text);
    const auto [joined, is_new] = joined_[member].try_emplace(name);
    if (!is_new) {
      entry.error(service.place,
                  fmt::format("`services`: {} of {} already belongs to a cluster",
                              in_backticks(service.text), in_backticks(host.name.text())));
      return;
    }
    auto& watched = joined->second;
    if (const auto* found = host.services.find(name)) watched = *found;
    watched.pattern = service.text;
    watched.display_name.clear();
    watched.exclude.clear();
    watched.automatic_only = false;
    watched.cluster = cluster.text();
    watched.policy.expected = Expected::any;
  }

  const PolicySection& defaults_;
  std::vector<Host>& hosts_;
  std::map<HostName, std::size_t> numbers_;
  std::map<std::size_t, std::map<ServiceName, WatchedService>> joined_;  ///< by members
  Duplicates names_{"cluster"};
};

}  // namespace

std::vector<Cluster> read_clusters(Section& section, const PolicySection& defaults,
                                   std::vector<Host>& hosts) {
  ClusterReader reader(defaults, hosts);
  std::vector<Cluster> clusters;
  section.list(
      {.name = "clusters",
       .description = "Service clusters: groups of hosts, some of which must run a service. Alerts "
                      "treat a cluster like a host: its service is `STOPPED` while the rule is "
                      "broken. Changes on single hosts only go to the history."},
      clusters, [&reader](Section& entry, Cluster& cluster) { reader.read(entry, cluster); });
  reader.finish();
  return clusters;
}

}  // namespace tocsin::config
