#include "config/monitored/maintenance.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/monitored/hosts_and_clusters.h"
#include "config/section/duplicates.h"
#include "config/section/section.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kLength{std::chrono::minutes(1), std::chrono::days(31)};

void read_scopes(Section& entry, const HostsAndClusters& known, Maintenance& out) {
  std::vector<PlacedText> texts;
  entry.placed_texts(
      {.name = "of",
       .description = "Hosts and services in maintenance. `HOST`: a host and all of its services; "
                      "`HOST/SERVICE`: services. `*` stands for any characters, `?` for one.",
       .example = "[\"sql*\", \"web1/W3SVC\"]",
       .otherwise = "everything"},
      texts);
  if (texts.empty()) out.scopes.push_back(SilenceScope::parse("*"));
  for (const auto& text : texts) {
    auto scope = SilenceScope::parse(text.text);
    if (text.text.empty() || text.text.ends_with('/') || text.text.starts_with('/')) {
      entry.error(text.place, fmt::format("`of`: {} is neither `HOST` nor `HOST/SERVICE`",
                                          in_backticks(text.text)));
    } else if (!is_known(known, scope.host)) {
      entry.warning(text.place, fmt::format("`of`: no host of `monitor` is called {}",
                                            in_backticks(scope.host.text())));
    }
    out.scopes.push_back(std::move(scope));
  }
}

}  // namespace

std::vector<Maintenance> read_maintenance(Section& section, const TimeZone& zone,
                                          const HostsAndClusters& known) {
  std::vector<Maintenance> windows;
  Duplicates names("maintenance");
  section.list(
      {.name = "maintenance",
       .description = "Maintenance windows, which suppress notifications. The history records all "
                      "changes; alerts that still fire at the end are notified then."},
      windows, [&](Section& entry, Maintenance& maintenance) {
        const auto name = entry.text({.name = "name",
                                      .writing = Writing::title,
                                      .description = "Name of the window in the history.",
                                      .need = Need::required,
                                      .example = "patch night"},
                                     maintenance.name, must_not_be_empty);
        if (name) names.add(entry, maintenance.name, *name);
        read_scopes(entry, known, maintenance);
        auto own_zone = zone;
        entry.time_zone({.name = "timeZone",
                         .description = "Time zone of `begins` (IANA name).",
                         .example = "Europe/Stockholm",
                         .otherwise = "that of `serviceMonitor`"},
                        own_zone);
        entry.schedule({.name = "begins",
                        .description = "Start of the window.",
                        .need = Need::required,
                        .example = "at 22:00 on saturday"},
                       maintenance.window.begins, own_zone);
        entry.duration({.name = "for",
                        .description = "Length of the window.",
                        .need = Need::required,
                        .example = "4h"},
                       maintenance.window.length, kLength);
        entry.text({.name = "reason",
                    .writing = Writing::prose,
                    .description = "Reason, shown in the history.",
                    .example = "Windows updates"},
                   maintenance.reason);
      });
  return windows;
}

}  // namespace tocsin::config
