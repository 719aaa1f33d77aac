#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/wildcard.h"
#include "config/nearest.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

constexpr std::array kSources = {Choice<Source>{"smb", Source::smb},
                                 Choice<Source>{"winrm", Source::winrm},
                                 Choice<Source>{"scm", Source::scm}};

/// What was written how and where: names of hosts and services come once.
class Duplicates {
 public:
  /// Where the name stood before, as Windows compares names.
  [[nodiscard]] std::optional<Place> add(const std::string& name, Place place) {
    const auto [known, fresh] = places_.try_emplace(fold_case(name), place);
    if (fresh) return std::nullopt;
    return known->second;
  }

 private:
  std::unordered_map<std::string, Place> places_;
};

std::string shown(const std::string& name) { return "`" + printable(name, 64) + "`"; }

void read_credentials(Section& section, Config& config) {
  std::vector<Credentials> list;
  Duplicates names;
  section.list({.name = "credentials", .description = "The accounts that hosts are asked with."},
               list, [&names](Section& entry, Credentials& credentials) {
                 const auto place = entry.text({.name = "name",
                                                .description = "What hosts call the account.",
                                                .need = Need::required,
                                                .example = "monitoring"},
                                               credentials.name, must_not_be_empty);
                 if (place) {
                   if (const auto before = names.add(credentials.name, *place))
                     entry.error(*place, fmt::format("the credentials {} come twice, first in line "
                                                     "{}",
                                                     shown(credentials.name), before->line));
                 }
                 entry.text({.name = "username",
                             .description = "`DOMAIN\\user`, `user@REALM` or a local `user`.",
                             .need = Need::required,
                             .example = "CORP\\svc-tocsin"},
                            credentials.username, must_not_be_empty);
                 entry.secret({.name = "password",
                               .description = "Its password; better a reference than the text.",
                               .need = Need::required,
                               .example = "${env:TOCSIN_PASSWORD}"},
                              credentials.password);
               });
  for (auto& credentials : list)
    config.credentials.push_back(std::make_shared<const Credentials>(std::move(credentials)));
}

void read_service(Section& entry, WatchedService& service, Duplicates& names) {
  const auto place = entry.text({.name = "name",
                                 .description = "The service's name (not its display name), or a "
                                                "pattern with `*` and `?`. Case does not count.",
                                 .need = Need::required,
                                 .example = "QlikSense*"},
                                service.pattern, must_not_be_empty);
  if (place) {
    if (const auto before = names.add(service.pattern, *place))
      entry.error(*place, fmt::format("the service {} comes twice on this host, first in line {}",
                                      shown(service.pattern), before->line));
  }
  entry.text({.name = "friendlyName",
              .description = "What alerts call the service.",
              .example = "Qlik Sense Engine",
              .otherwise = "its display name"},
             service.friendly_name);
  const auto exclude = entry.texts({.name = "exclude",
                                    .description = "Names or patterns that `name` does not mean.",
                                    .example = "[QlikSenseRepositoryDatabase]"},
                                   service.exclude);
  if (place && exclude && !has_wildcard(service.pattern))
    entry.warning(*exclude, "`exclude` does nothing where `name` has no `*` or `?`");
}

/// The credentials that a host names, or the first.
std::shared_ptr<const Credentials> find_credentials(Section& entry, const std::string& name,
                                                    std::optional<Place> place,
                                                    const Config& config) {
  if (config.credentials.empty()) return nullptr;  // said once, for all hosts
  if (!place) return config.credentials.front();
  std::vector<std::string_view> known;
  for (const auto& credentials : config.credentials) {
    if (credentials->name == name) return credentials;
    known.emplace_back(credentials->name);
  }
  const auto meant = nearest(name, known, std::max<std::size_t>(2, name.size() / 3));
  entry.error(*place, fmt::format("there are no credentials {}{}", shown(name),
                                  meant.empty() ? ""
                                                : fmt::format("; did you mean {}?",
                                                              shown(std::string(meant)))));
  return nullptr;
}

void read_source(Section& entry, Host& host) {
  const auto own = entry.reading().default_source;
  host.source = own;
  const auto place =
      entry.choice({.name = "source",
                    .description = "How the host is asked: `smb`, over the network with the "
                                   "account of `credentials`; `scm`, on Windows only, through its "
                                   "own service API with the account of the process.",
                    .example = "smb",
                    .otherwise = "`scm` on Windows, `smb` elsewhere"},
                   host.source, kSources);
  if (!place || host.source == Source::smb || host.source == own) return;
  entry.error(*place, host.source == Source::scm
                          ? "`scm` needs tocsin to run on Windows; here it is `smb`"
                          : "this version does not have this `source`; use `smb`");
}

/// The Windows API takes the account of the process and finds its own way to the host.
void warn_of_unused(Section& entry, const Host& host, std::optional<Place> credentials,
                    std::optional<Place> port) {
  if (host.source != Source::scm) return;
  if (credentials)
    entry.warning(*credentials,
                  "`credentials` does nothing with `source: scm`, which uses the "
                  "account that tocsin runs as; for this account write `source: smb`");
  if (port) entry.warning(*port, "`port` does nothing with `source: scm`");
}

void read_host(Section& entry, Host& host, Duplicates& names, const Config& config) {
  std::string name;
  const auto place = entry.text({.name = "host",
                                 .description = "The host's name in alerts.",
                                 .need = Need::required,
                                 .example = "qs-node1"},
                                name, check_host);
  if (place) {
    if (const auto before = names.add(name, *place))
      entry.error(*place, fmt::format("the host {} comes twice, first in line {}", shown(name),
                                      before->line));
  }
  host.name = HostName(name);
  host.address = name;
  entry.text({.name = "address",
              .description = "The name or address to connect to.",
              .example = "10.1.2.3",
              .otherwise = "the value of `host`"},
             host.address, check_host);
  const auto port =
      entry.port({.name = "port", .description = "Its TCP port.", .example = "445"}, host.port);
  read_source(entry, host);
  std::string credentials;
  const auto credentials_place =
      entry.text({.name = "credentials",
                  .description = "The `name` of the account to ask with.",
                  .example = "monitoring",
                  .otherwise = "the first of the list"},
                 credentials);
  host.credentials = find_credentials(entry, credentials, credentials_place, config);
  warn_of_unused(entry, host, credentials_place, port);

  std::vector<WatchedService> services;
  Duplicates service_names;
  entry.list(
      {.name = "services", .description = "What is watched on the host.", .need = Need::required},
      services, [&service_names](Section& inner, WatchedService& service) {
        read_service(inner, service, service_names);
      });
  host.services = Watchlist(std::move(services));
}

}  // namespace

AlertDestinations read_service_monitor(Section& section, Config& config) {
  const auto enable = section.boolean(
      {.name = "enable", .description = "Whether services are watched at all.", .example = "true"},
      config.enabled);
  if (enable && !config.enabled) {
    section.warning(*enable, "`serviceMonitor` is switched off: nothing is watched");
    section.switch_off();
  }
  section.schedule({.name = "frequency",
                    .description = "How often each host is checked.",
                    .example = "every 10 seconds"},
                   config.frequency);
  read_credentials(section, config);
  Duplicates names;
  const auto monitor = section.list(
      {.name = "monitor", .description = "The hosts.", .need = Need::required}, config.hosts,
      [&names, &config](Section& entry, Host& host) { read_host(entry, host, names, config); });
  const auto* credentials = section.raw("credentials");
  const bool any_smb = std::ranges::count(config.hosts, Source::smb, &Host::source) > 0;
  if (monitor && any_smb && (credentials == nullptr || credentials->children.empty())) {
    section.error(*monitor,
                  "hosts are asked over SMB, which needs an account: add `credentials: [{name: "
                  "monitoring, username: 'DOMAIN\\user', password: '${env:TOCSIN_PASSWORD}'}]` to "
                  "`serviceMonitor`");
  }
  AlertDestinations destinations;
  section.section(
      {.name = "alertDestination", .description = "Who is told."},
      [&destinations](Section& inner) { read_alert_destinations(inner, destinations); });
  if (!config.enabled) config.hosts.clear();
  return destinations;
}

}  // namespace tocsin::config
