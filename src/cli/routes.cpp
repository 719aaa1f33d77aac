// `routes`: the destinations that an alert would go to.
#include <algorithm>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/configured_destinations.h"
#include "cli/load.h"
#include "cli/table.h"
#include "config/file/findings.h"
#include "config/monitored/hosts_and_clusters.h"
#include "config/section/nearest.h"
#include "domain/imagined_alert.h"
#include "domain/silence.h"
#include "notify/destination.h"
#include "platform/process.h"

namespace tocsin::cli {
namespace {

std::string no_such_service(const SilenceScope& scope, const Watchlist& services) {
  std::vector<std::string_view> known;
  known.reserve(services.entries().size());
  for (const auto& entry : services.entries()) known.emplace_back(entry.pattern);
  return fmt::format(
      "no service {} is watched on {} by that name{}", config::in_backticks(scope.service.text()),
      config::in_backticks(scope.host.text()), config::did_you_mean(scope.service.text(), known));
}

/// Each service of a cluster has alerts, and never the cluster as a whole.
std::string choose_one(const config::Cluster& cluster) {
  std::string choices;
  for (const auto& service : cluster.services.exact_names())
    choices += (choices.empty() ? "" : ", ") + SilenceScope{cluster.name, service}.text();
  return fmt::format(
      "{} is a cluster of several services, each with alerts of its own; choose one: {}",
      config::in_backticks(cluster.name.text()), printable(choices));
}

/// The alert that such a change would be, or what is wrong with the question.
std::expected<Alert, std::string> imagine(const RoutesOptions& options,
                                          const config::Config& config) {
  auto scope = SilenceScope::parse(options.what);
  const auto* host = find_called(config.hosts, scope.host);
  const auto* cluster = find_called(config.clusters, scope.host);
  if (host == nullptr && cluster == nullptr)
    return std::unexpected(config::no_such_host({config.hosts, config.clusters}, scope.host));
  if (cluster != nullptr && scope.service.empty()) {
    const auto& services = cluster->services.exact_names();
    if (services.size() > 1) return std::unexpected(choose_one(*cluster));
    scope.service = services.front();
  }
  const bool about_host = scope.service.empty();
  const auto kind = imagined_kind(options.kind, about_host ? About::host : About::service);
  if (!kind)
    return std::unexpected(fmt::format("there is no kind \"{}\"", printable(options.kind)));
  if (about_host) return imagined_alert(host->name, host->policy, *kind);
  const auto& services = host != nullptr ? host->services : cluster->services;
  const auto* entry = services.find(scope.service);
  if (entry == nullptr) return std::unexpected(no_such_service(scope, services));
  return imagined_alert(host != nullptr ? host->name : cluster->name, scope.service, *entry, *kind);
}

std::string when(const notify::RoutedTo& target) {
  if (target.after > Duration(0)) return "after " + duration_text(target.after);
  return "at once";
}

/// Empty where the destination is notified in any case.
std::string condition(const notify::RoutedTo& target, const Alert& alert) {
  if (!target.conditional) return "";
  if (is_resolved(alert)) return "if the firing alert went there";
  return target.after > Duration(0) ? "if it still fires then" : "";
}

}  // namespace

int routes(const RoutesOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto alert = imagine(options, *configuration);
  if (!alert) return failed(alert.error());
  if (!alert->suppressed.empty()) {
    fmt::print("nobody is notified; {}\n", printable(alert->suppressed));
    return kExitOk;
  }
  const ConfiguredDestinations configured(*configuration);
  const auto& destinations = configured.all();
  Table table({"DESTINATION", "WHEN", "CONDITION"});
  for (const auto& target : destinations.routing.targets(*alert)) {
    const auto& channel = *destinations.alerts[target.destination].channel;
    if (!channel.wants(*alert)) continue;
    table.add({{channel.name()}, {when(target)}, {condition(target, *alert)}});
  }
  print(table, "nobody is notified; the history has it");
  return kExitOk;
}

}  // namespace tocsin::cli
