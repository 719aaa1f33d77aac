#include "config/monitored/read_hosts.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "config/monitored/host_names.h"
#include "config/monitored/read_control.h"
#include "config/section/addresses.h"
#include "config/section/duplicates.h"
#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

/// What an address says for the name of its host.
constexpr std::string_view kHostInBraces = "{host}";

constexpr std::string_view kAskedBy =
    "On Windows tocsin asks as its own user, like Butler; elsewhere over the network, with an "
    "account of `credentials` or its Kerberos ticket.";

/// The name of the credentials that hosts have where none are configured.
constexpr std::string_view kOfProcess = "process";

/// Gives it the account that it names, or the first. With another than was meant a login could lock
/// that, so a host whose account is missing is not asked.
void find_credentials(Section& entry, const std::string& name, std::optional<Place> place,
                      const HostAccounts& accounts, Host& host) {
  const auto& written = accounts.written;
  if (written.empty()) {
    // Without a ticket that is said once, for all hosts.
    if (host.source == Source::smb && entry.reading().environment.has_ticket)
      host.credentials = std::make_shared<const Credentials>(
          Credentials{.name = std::string(kOfProcess), .authentication = Authentication::kerberos});
    return;
  }
  const auto& wanted = place ? name : written.front();
  std::vector<std::string_view> known;
  for (const auto& credentials : accounts.right) {
    if (credentials->name == wanted) {
      host.credentials = credentials;
      return;
    }
    known.emplace_back(credentials->name);
  }
  const bool is_written = std::ranges::find(written, wanted) != written.end();
  const auto why = is_written
                       ? fmt::format("the credentials {} have a mistake", in_backticks(wanted))
                       : fmt::format("there are no credentials {}", in_backticks(wanted));
  const bool needs_them = host.source == Source::smb;
  if (needs_them) host.not_asked = why;
  if (!is_written)
    entry.tolerable(place.value_or(entry.place()), why + did_you_mean(name, known),
                    needs_them ? "the host stays UNKNOWN" : "`source: scm` needs none");
}

void read_source(Section& entry, Host& host) {
  const auto own = default_source(entry.reading().environment);
  host.source = own;
  const auto place = entry.choice(
      {.name = "source",
       .description =
           "Access to the host. `smb`: over the network, with the account of `credentials`. `scm` "
           "(Windows only): through the service API, with the account of the process.",
       .example = "smb",
       .otherwise = "`scm` on Windows, `smb` elsewhere"},
      host.source);
  if (place && host.source == Source::scm && own != Source::scm)
    entry.error(*place, "`scm` works only where tocsin runs on Windows; write `smb`");
}

/// The Windows API takes the account of the process and finds its own way to the host.
void warn_of_unused(Section& entry, const Host& host, std::optional<Place> credentials,
                    std::optional<Place> port) {
  if (host.source != Source::scm) return;
  if (credentials)
    entry.warning(*credentials,
                  "`credentials` has no effect with `source: scm`, which uses the account that "
                  "tocsin runs as; to use it, write `source: smb`");
  if (port) entry.warning(*port, "`port` has no effect with `source: scm`");
}

/// `frequency` in `timeZone`; what either does not say is the one of all hosts.
Schedule read_frequency(Section& entry, const Schedule& of_all) {
  Schedule frequency = of_all;
  TimeZone zone = of_all.zone();
  const auto has_zone = entry.time_zone({.name = "timeZone",
                                         .description = "Time zone of its schedule (IANA name).",
                                         .example = "America/New_York",
                                         .otherwise = "that of `serviceMonitor`"},
                                        zone);
  const auto has_own = entry.schedule({.name = "frequency",
                                       .description = "Schedule of its checks.",
                                       .example = "every 5 minutes",
                                       .otherwise = "that of `serviceMonitor`"},
                                      frequency, zone);
  if (!has_zone || has_own) return frequency;
  return Schedule::parse(of_all.text(), std::move(zone)).value_or(of_all);
}

/// `services`, `sets` and `policy`.
HostServices read_host_services(Section& entry) {
  HostServices services;
  const bool has_own = entry.raw("services") != nullptr;
  const bool has_sets = entry.raw("sets") != nullptr;
  if (!has_own && !has_sets) entry.error(entry.place(), "the host needs `services` or `sets`");
  read_services(
      entry,
      {.name = "services",
       .description =
           "Services to watch on the host. They override those of sets with the same name.",
       .need = has_own ? Need::required : Need::optional,
       .alternatives = {"sets"}},
      "on this host", services.own);
  entry.placed_texts(
      {.name = "sets",
       .description = "Names of `serviceSets` whose services to watch on the host too.",
       .need = has_sets ? Need::required : Need::optional,
       .example = "[qlik, base]",
       .alternatives = {"services"}},
      services.sets);
  read_policy(entry,
              {.name = "policy",
               .description = "Rules for the alerts of its services.",
               .same_as = "serviceMonitor.policy"},
              services.policy);
  return services;
}

/// The address with the host's name where it says {host}.
std::string with_host(std::string_view address, std::string_view host) {
  std::string out;
  while (true) {
    const auto at = address.find(kHostInBraces);
    out += address.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += host;
    address.remove_prefix(at + kHostInBraces.size());
  }
}

/// Whether the address fits to so many hosts.
bool check_address(Section& entry, std::string_view key, const PlacedText& address,
                   std::size_t hosts) {
  // Six dots, so that what is left stands where it stood.
  const auto brace = with_host(address.text, "......").find_first_of("{}");
  if (brace != std::string::npos) {
    entry.error(address.at(brace), fmt::format("`{}`: only `{{host}}` can stand in braces", key));
    return false;
  }
  if (hosts < 2 || address.text.contains(kHostInBraces)) return true;
  entry.error(address.place, fmt::format("one `{}` for {} hosts: write `{{host}}` where "
                                         "their names stand in it, or leave `{}` out",
                                         key, hosts, key));
  return false;
}

/// Why nobody can connect to the host.
std::optional<std::string> find_mistake_in_address(const Host& host) {
  if (host.address != ".") return check_host(host.address);
  if (host.source == Source::scm) return std::nullopt;
  return "must be a name or an address: `.` is this machine with `source: scm` only";
}

/// What one entry of the list means.
struct HostEntry {
  std::vector<Host> hosts;
  std::vector<Place> places;              ///< of their names
  std::vector<std::string_view> written;  ///< the keys that it has, of those that hosts differ in
};

/// Reads the entries of one list.
class HostReader {
 public:
  explicit HostReader(const HostDefaults& defaults)
      : watchlists_(defaults.watchlists), defaults_(defaults) {}

  void read(Section& entry, HostEntry& out) {
    const auto names = read_names(entry);
    for (const std::string_view key :
         {"address", "serverName", "port", "source", "push", "credentials", "frequency",
          "checkEveryNth", "hostPolicy", "control"}) {
      if (entry.raw(key) != nullptr) out.written.push_back(key);
    }
    if (entry.raw("timeZone") != nullptr) out.written.emplace_back("frequency");
    Host host;
    host.frequency = read_frequency(entry, defaults_.frequency);
    host.check_every_nth = defaults_.check_every_nth;
    entry.count({.name = "checkEveryNth",
                 .description = "The same for this host.",
                 .example = "10",
                 .otherwise = "that of `serviceMonitor`"},
                host.check_every_nth, kTimesPerCheck);
    const auto address = entry.placed_text(
        {.name = "address",
         .description = "Name or address to connect to; `{host}` stands for the host's name.",
         .example = "10.1.2.3",
         .otherwise = "the value of `host`"},
        check_host_name);
    const auto server_name = entry.placed_text(
        {.name = "serverName",
         .description =
             "The host's own name, where `address` is another one (an alias, NAT, a jump "
             "host). Kerberos looks for `cifs/` and this name. `{host}` works too.",
         .example = "sql1.corp.example",
         .otherwise = "the value of `address`"},
        check_host_name);
    const auto port =
        entry.port({.name = "port", .description = "TCP port.", .example = "445"}, host.port);
    read_source(entry, host);
    entry.boolean({.name = "push",
                   .description = "Ask the host to tell of changes by itself, for which watched "
                                  "services stay open. `false`: it is only checked.",
                   .example = "false"},
                  host.push);
    std::string credentials;
    const auto credentials_place =
        entry.text({.name = "credentials",
                    .description = "Name of the entry of `credentials` to log in with.",
                    .example = "monitoring",
                    .otherwise = "the first of the list"},
                   credentials);
    find_credentials(entry, credentials, credentials_place, defaults_.accounts, host);
    warn_of_unused(entry, host, credentials_place, port);
    read_host_control(entry, host);
    host.services = watchlists_.make(entry, read_host_services(entry), host.control.has_value());
    host.policy = defaults_.policy;
    read_host_policy(entry,
                     {.name = "hostPolicy",
                      .description = "Rules for alerts about the host itself.",
                      .same_as = "serviceMonitor.hostPolicy"},
                     host.policy);
    if (address && !check_address(entry, "address", *address, names.size())) return;
    if (server_name && !check_address(entry, "serverName", *server_name, names.size())) return;
    for (const auto& [name, place] : names) {
      host.name = HostName(name);
      host.address = address ? with_host(address->text, name) : name;
      host.server_name = server_name ? with_host(server_name->text, name) : std::string();
      if (const auto mistake = find_mistake_in_address(host)) {
        entry.error(address ? address->place : place,
                    fmt::format("`{}` of {} {}", address ? "address" : "host", in_backticks(name),
                                *mistake));
        return;
      }
      out.hosts.push_back(host);
      out.places.push_back(place);
    }
  }

 private:
  struct Name {
    std::string text;
    Place place;
  };

  void read_host_control(Section& entry, Host& host) const {
    host.control = defaults_.control;
    const auto account =
        read_control(entry,
                     {.name = "control",
                      .description = "The same for this host: `true`, `false` or a section.",
                      .same_as = "serviceMonitor.control",
                      .may_be_boolean = true},
                     defaults_.accounts, host.control);
    if (account && host.source == Source::scm)
      entry.warning(*account,
                    "`control.credentials` has no effect with `source: scm`, which uses the "
                    "account that tocsin runs as; to use it, write `source: smb`");
  }

  /// `host` or `hosts`, with their ranges counted out.
  std::vector<Name> read_names(Section& entry) {
    const bool by_list = entry.raw("hosts") != nullptr;
    const auto host = entry.placed_text(
        {.name = "host",
         .description = "Name of the host in alerts. `node[1-4]` stands for four hosts with the "
                        "same rules; `[01-20]` and `[1-4,7]` work too.",
         .need = by_list ? Need::optional : Need::required,
         .example = "qs-node1",
         .alternatives = {"hosts"},
         .differs = kAskedBy},
        check_host_name);
    std::vector<PlacedText> list;
    const auto hosts = entry.placed_texts(
        {.name = "hosts",
         .description =
             "Several hosts with the same rules, instead of `host`. Ranges work as there.",
         .need = by_list ? Need::required : Need::optional,
         .example = "[qs-central, \"qs-node[1-4]\"]",
         .alternatives = {"host"},
         .differs = kAskedBy},
        list);
    std::vector<Name> names;
    if (host && hosts) {
      entry.error(*hosts, "an entry has either `host` or `hosts`; remove one");
    } else if (host) {
      add_names(entry, "host", *host, names);
    }
    for (const auto& text : list) {
      if (const auto mistake = check_host_name(text.text)) {
        entry.error(text.place, "`hosts` " + *mistake);
      } else {
        add_names(entry, "hosts", text, names);
      }
    }
    return names;
  }

  void add_names(Section& entry, std::string_view key, const PlacedText& text,
                 std::vector<Name>& names) {
    auto expanded = expand_host_names(text.text, kMostHosts - count_);
    if (!expanded) {
      const auto& mistake = expanded.error();
      if (mistake.is_too_many && std::exchange(said_too_many_, true)) return;
      entry.error(text.at(mistake.column), fmt::format("`{}`: {}", key, mistake.text));
      return;
    }
    count_ += expanded->size();
    for (auto& name : *expanded) {
      if (!entry.reading().is_butler_file) written_.add(entry, name, text.place);
      names.push_back({std::move(name), text.place});
    }
  }

  Watchlists& watchlists_;
  const HostDefaults& defaults_;
  Duplicates written_{"host"};
  std::size_t count_ = 0;
  bool said_too_many_ = false;
};

/// Collects the hosts of all entries. In a file of Butler one may come twice: both entries watch it
/// together, and the first counts where they contradict each other.
class HostCollector {
 public:
  HostCollector(Section& section, std::vector<Host>& hosts) : section_(section), hosts_(hosts) {}

  void add(HostEntry&& entry) {
    for (std::size_t i = 0; i < entry.hosts.size(); i++) {
      auto& host = entry.hosts[i];
      const auto [known, fresh] =
          known_.try_emplace(host.name, Known{hosts_.size(), entry.places[i], {}});
      if (fresh) {
        hosts_.push_back(std::move(host));
      } else {
        join(known->second, host, entry, entry.places[i]);
      }
    }
  }

  /// After all entries.
  void finish() {
    for (auto& [name, known] : known_) {
      if (known.joined) hosts_[known.number].services = std::move(*known.joined).take();
    }
  }

 private:
  struct Known {
    std::size_t number;
    Place place;
    std::optional<JoinedServices> joined;  ///< where it comes more than once
  };

  void join(Known& known, const Host& host, const HostEntry& entry, Place place) {
    const auto& first = hosts_[known.number];
    std::vector<std::string> different;
    for (const auto key : differing_keys(first, host)) {
      if (std::ranges::find(entry.written, key) != entry.written.end())
        different.push_back(in_backticks(key));
    }
    if (!known.joined) known.joined.emplace(first.services);
    known.joined->add(host.services, different);
    const auto line = section_.reading().findings.line(known.place, place);
    auto text = fmt::format("the host {} appears twice, first in {}; its services are joined",
                            in_backticks(host.name.text()), line);
    if (!different.empty())
      text += fmt::format(", but {} says what holds for {}", line, fmt::join(different, ", "));
    section_.warning(place, std::move(text));
  }

  Section& section_;
  std::vector<Host>& hosts_;
  std::map<HostName, Known> known_;
};

}  // namespace

std::optional<Place> read_hosts(Section& section, const HostDefaults& defaults,
                                std::vector<Host>& hosts) {
  HostReader reader(defaults);
  std::vector<HostEntry> entries;
  const auto place =
      section.list({.name = "monitor",
                    .description = "Hosts to watch.",
                    .need = Need::required,
                    .differs = "An unreachable host or a missing service does not affect others. "
                               "Butler watches nothing at all if it finds one when it starts.",
                    .entry_key = "host"},
                   entries, [&reader](Section& entry, HostEntry& out) { reader.read(entry, out); });
  HostCollector collector(section, hosts);
  for (auto& entry : entries) collector.add(std::move(entry));
  collector.finish();
  defaults.watchlists.say_idle_recoveries(section);
  return place;
}

}  // namespace tocsin::config
