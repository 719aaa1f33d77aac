#include "config/service_monitor.h"

#include <algorithm>
#include <utility>

#include "config/destinations/grouping.h"
#include "config/destinations/read_routes.h"
#include "config/monitored/hosts_and_clusters.h"
#include "config/monitored/maintenance.h"
#include "config/monitored/policy_part.h"
#include "config/monitored/read_clusters.h"
#include "config/monitored/read_control.h"
#include "config/monitored/read_credentials.h"
#include "config/monitored/read_hosts.h"
#include "config/monitored/watchlists.h"

namespace tocsin::config {
namespace {

void demand_account(Section& section, Place monitor, const Config& config) {
  const auto* credentials = section.raw("credentials");
  const bool any_smb = std::ranges::count(config.hosts, Source::smb, &Host::source) > 0;
  const bool needs_account =
      any_smb && !section.reading().adds_account && !section.reading().environment.has_ticket;
  if (!needs_account || (credentials != nullptr && !credentials->children.empty())) return;
  section.error(monitor,
                "hosts are asked over SMB, which needs an account: add `credentials: [{name: "
                "monitoring, username: 'DOMAIN\\user', password: '${env:TOCSIN_PASSWORD}'}]` to "
                "`serviceMonitor`, or give the process a Kerberos ticket (KRB5CCNAME or "
                "KRB5_CLIENT_KTNAME)");
}

std::optional<HostControl> read_control_of_all(Section& section, const HostAccounts& accounts) {
  std::optional<HostControl> control;
  read_control(section,
               {.name = "control",
                .description = "`true` lets people start and stop the watched services: with "
                               "`tocsin start`, `stop` and `restart`, and on the dashboard (role "
                               "`act`). A section names the account for it.",
                .may_be_boolean = true},
               accounts, control);
  return control;
}

}  // namespace

AlertDestinations read_service_monitor(Section& section, Config& config) {
  const auto enable = section.boolean(
      {.name = "enable", .description = "Switches the monitor on or off.", .example = "true"},
      config.enabled);
  if (enable && !config.enabled) {
    section.warning(*enable, "`serviceMonitor` is switched off: nothing is watched");
    section.switch_off();
  }
  TimeZone zone;
  section.time_zone({.name = "timeZone",
                     .description = "Time zone of all schedules (IANA name).",
                     .example = "Europe/Stockholm"},
                    zone);
  section.schedule(
      {.name = "frequency",
       .description = "Schedule of the checks of each host, unless the host has one of its own.",
       .example = "every 10 seconds",
       .differs = "Checks of one host never overlap, and those of several are spread over time. "
                  "Butler asks all at once, and again while a check still runs."},
      config.frequency, zone);
  unsigned check_every_nth = kCheckEveryNth;
  section.count({.name = "checkEveryNth",
                 .description = "While a host tells of all changes by itself (`push`), every nth "
                                "time of `frequency` is a check. The others only ask whether it is "
                                "there. `1`: each is a check.",
                 .example = "10"},
                check_every_nth, kTimesPerCheck);
  PolicySection policy;
  read_policy(
      section,
      {.name = "policy",
       .description =
           "Rules for alerts about services, unless a set, host or service says otherwise."},
      policy);
  HostPolicy host_policy;
  read_host_policy(
      section,
      {.name = "hostPolicy",
       .description = "Rules for alerts about unreachable hosts, unless a host says otherwise."},
      host_policy);
  AlertDestinations destinations;
  read_grouping(section,
                {.name = "grouping",
                 .description = "Several alerts of one host in one message, for destinations that "
                                "people read. Each may override it."},
                destinations.grouping);
  auto accounts = read_credentials(section);
  const auto control = read_control_of_all(section, accounts);
  auto sets = read_service_sets(section);
  const auto names_of_sets = sets.written;
  Watchlists watchlists(policy, std::move(sets));
  watchlists.check(section);
  const auto monitor = read_hosts(section,
                                  {.frequency = config.frequency,
                                   .check_every_nth = check_every_nth,
                                   .accounts = accounts,
                                   .watchlists = watchlists,
                                   .policy = host_policy,
                                   .control = control},
                                  config.hosts);
  config.credentials = std::move(accounts.right);
  config.clusters = read_clusters(section, policy, config.hosts);
  const HostsAndClusters known{config.hosts, config.clusters};
  config.maintenance = read_maintenance(section, zone, known);
  if (monitor) demand_account(section, *monitor, config);
  section.section(
      {.name = "alertDestination",
       .description = "Destinations of alerts.",
       .differs =
           "Failed notifications are retried for a week, even across restarts. Butler tries once."},
      [&destinations](Section& inner) { read_alert_destinations(inner, destinations); });
  destinations.of_routes = read_routes(section, names_of_sets, known, config.routes);
  if (!config.enabled) {
    config.hosts.clear();
    config.clusters.clear();
  }
  return destinations;
}

}  // namespace tocsin::config
