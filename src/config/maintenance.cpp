#include "config/maintenance.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/config.h"
#include "config/duplicates.h"
#include "config/section.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kLength{std::chrono::minutes(1), std::chrono::days(31)};

void read_scopes(Section& entry, const Config& config, Maintenance& out) {
  std::vector<PlacedText> texts;
  entry.placed_texts({.name = "of",
                      .description = "Whom it holds for: `HOST` for a host and all of its "
                                     "services, `HOST/SERVICE` for services; `*` and `?` stand for "
                                     "any characters and for one.",
                      .example = "[\"sql*\", \"web1/W3SVC\"]",
                      .otherwise = "everything"},
                     texts);
  if (texts.empty()) out.scopes.push_back(SilenceScope::parse("*"));
  for (const auto& text : texts) {
    auto scope = SilenceScope::parse(text.text);
    if (text.text.empty() || text.text.ends_with('/') || text.text.starts_with('/')) {
      entry.error(text.place, fmt::format("`of`: {} is neither `HOST` nor `HOST/SERVICE`",
                                          in_backticks(text.text)));
    } else if (!is_known(config, scope.host)) {
      entry.warning(text.place, fmt::format("`of`: no host of `monitor` is called {}",
                                            in_backticks(scope.host.text())));
    }
    out.scopes.push_back(std::move(scope));
  }
}

}  // namespace

void read_maintenance(Section& section, const TimeZone& zone, Config& config) {
  Duplicates names("maintenance");
  section.list(
      {.name = "maintenance",
       .description = "Windows of time in which nobody is told. The history has what happened in "
                      "them, and what is still wrong at their end is told then."},
      config.maintenance, [&](Section& entry, Maintenance& maintenance) {
        const auto name = entry.text({.name = "name",
                                      .description = "What it is called in the history.",
                                      .need = Need::required,
                                      .example = "patch night"},
                                     maintenance.name, must_not_be_empty);
        if (name) names.add(entry, maintenance.name, *name);
        read_scopes(entry, config, maintenance);
        auto own_zone = zone;
        entry.time_zone({.name = "timeZone",
                         .description = "In which `begins` is written.",
                         .example = "Europe/Stockholm",
                         .otherwise = "that of `serviceMonitor`"},
                        own_zone);
        entry.schedule({.name = "begins",
                        .description = "When it begins.",
                        .need = Need::required,
                        .example = "at 22:00 on saturday"},
                       maintenance.window.begins, own_zone);
        entry.duration({.name = "for",
                        .description = "How long it is open.",
                        .need = Need::required,
                        .example = "4h"},
                       maintenance.window.length, kLength);
        entry.text({.name = "reason",
                    .description = "Why; it stands in the history.",
                    .example = "Windows updates"},
                   maintenance.reason);
      });
}

}  // namespace tocsin::config
