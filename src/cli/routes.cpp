// `routes`: who would hear of it.
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/table.h"
#include "cli/version.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "notify/destination.h"

namespace tocsin::cli {
namespace {

/// The state that such news leads to.
ServiceState state_after(TransitionKind kind) {
  switch (kind) {
    case TransitionKind::started:
    case TransitionKind::restarted:
    case TransitionKind::visible:
    case TransitionKind::steady:
      return ServiceState::running;
    case TransitionKind::paused:
      return ServiceState::paused;
    case TransitionKind::vanished:
      return ServiceState::missing;
    default:
      return ServiceState::stopped;
  }
}

const config::Host* find_host(const config::Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.hosts, HostName(name), &config::Host::name);
  return found == config.hosts.end() ? nullptr : &*found;
}

/// The alert that such a change would be, or nothing after a complaint.
std::optional<Alert> imagine(const RoutesOptions& options, const config::Config& config) {
  const auto slash = options.what.find('/');
  const auto* host = find_host(config, options.what.substr(0, slash));
  if (host == nullptr) {
    complain(fmt::format("{} has no host \"{}\"", options.configuration,
                         printable(options.what.substr(0, slash))));
    return std::nullopt;
  }
  const bool about_host = slash == std::string::npos;
  const auto kind = parse_transition_kind(
      options.kind.empty() ? (about_host ? "unreachable" : "stopped") : options.kind);
  if (!kind) {
    complain(fmt::format("there is no kind \"{}\"", printable(options.kind)));
    return std::nullopt;
  }
  Alert alert;
  alert.kind = *kind;
  alert.host = host->name;
  alert.severity = host->policy.severity;
  if (about_host) return alert;
  alert.service = ServiceName(options.what.substr(slash + 1));
  const auto* entry = host->services.find(alert.service);
  if (entry == nullptr) {
    complain(fmt::format("{} is not watched on {} by that name", printable(alert.service.text()),
                         printable(host->name.text())));
    return std::nullopt;
  }
  alert.set = entry->set;
  alert.severity = entry->policy.severity;
  alert.expected = entry->policy.expected;
  alert.to = state_after(*kind);
  return alert;
}

std::string when(const notify::Target& target) {
  if (target.after > Duration(0)) return "after " + duration_text(target.after);
  return "at once";
}

/// Of bad news, who hears its end depends on who hears the beginning, and that is what is asked.
std::string condition(const notify::Target& target, const Alert& alert) {
  if (!target.conditional) return "";
  if (is_up(alert)) return "if the bad news before was told there";
  return target.after > Duration(0) ? "if it lasts until then" : "";
}

}  // namespace

int routes(const RoutesOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto alert = imagine(options, *configuration);
  if (!alert) return kExitFailed;
  net::Loop loop;
  net::HttpClient http(loop.executor());
  notify::Messages messages;
  const notify::Means means{
      .executor = loop.executor(), .http = http, .version = version(), .messages = messages};
  const auto destinations = notify::make_destinations(*configuration, means);
  Table table({"WHO", "WHEN", "CONDITION"});
  for (const auto& target : destinations.routing.targets(*alert)) {
    const auto& channel = *destinations.alerts[target.destination].channel;
    if (!channel.wants(*alert)) continue;
    table.add({{channel.name()}, {when(target)}, {condition(target, *alert)}});
  }
  print(table, "nobody is told; the history has it");
  return kExitOk;
}

}  // namespace tocsin::cli
