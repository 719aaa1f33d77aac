#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/monitored/read_clusters.h"
#include "config/monitored/read_hosts.h"
#include "config/monitored/watchlists.h"
#include "config/section/duplicates.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

/// Answers the names of all, whether they are right or not.
std::vector<std::string> read_credentials(Section& section, Config& config) {
  std::vector<Credentials> list;
  std::vector<std::string> written;
  Duplicates names("credentials", "come twice");
  section.list({.name = "credentials", .description = "Accounts to ask hosts with."}, list,
               [&](Section& entry, Credentials& credentials) {
                 const auto place =
                     entry.text({.name = "name",
                                 .description = "Name of the account, for `credentials` of hosts.",
                                 .need = Need::required,
                                 .example = "monitoring"},
                                credentials.name, must_not_be_empty);
                 written.push_back(credentials.name);
                 if (place) names.add(entry, credentials.name, *place);
                 entry.text({.name = "username",
                             .description = "`DOMAIN\\user`, `user@REALM` or a local `user`.",
                             .need = Need::required,
                             .example = "CORP\\svc-tocsin"},
                            credentials.username, must_not_be_empty);
                 entry.secret({.name = "password",
                               .description = "Password; prefer a reference to the text itself.",
                               .need = Need::required,
                               .example = "${env:TOCSIN_PASSWORD}"},
                              credentials.password, &credentials.password_file);
               });
  for (auto& credentials : list)
    config.credentials.push_back(std::make_shared<const Credentials>(std::move(credentials)));
  return written;
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
  read_grouping(
      section,
      {.name = "grouping",
       .description = "Several alerts of one host in one message, for destinations that people "
                      "read; each may say otherwise."},
      section.reading().grouping);
  const auto accounts = read_credentials(section, config);
  auto sets = read_service_sets(section);
  const auto names_of_sets = sets.written;
  Watchlists watchlists(policy, std::move(sets));
  watchlists.check(section);
  const auto monitor = read_hosts(
      section, {.watchlists = watchlists, .policy = host_policy, .accounts = accounts}, config);
  read_clusters(section, policy, config);
  read_maintenance(section, zone, config);
  const auto* credentials = section.raw("credentials");
  const bool any_smb = std::ranges::count(config.hosts, Source::smb, &Host::source) > 0;
  const bool needs_account = any_smb && !section.reading().adds_account;
  if (monitor && needs_account && (credentials == nullptr || credentials->children.empty())) {
    section.error(*monitor,
                  "hosts are asked over SMB, which needs an account: add `credentials: [{name: "
                  "monitoring, username: 'DOMAIN\\user', password: '${env:TOCSIN_PASSWORD}'}]` to "
                  "`serviceMonitor`");
  }
  AlertDestinations destinations;
  section.section(
      {.name = "alertDestination",
       .description = "Destinations of alerts.",
       .differs = "Failed notifications are tried again for a week, over restarts too. Butler "
                  "tries once."},
      [&destinations](Section& inner) { read_alert_destinations(inner, destinations); });
  destinations.of_routes = read_routes(section, names_of_sets, config);
  if (!config.enabled) {
    config.hosts.clear();
    config.clusters.clear();
  }
  return destinations;
}

}  // namespace tocsin::config
