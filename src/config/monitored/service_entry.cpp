#include "config/monitored/service_entry.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "config/section/duplicates.h"

namespace tocsin::config {
namespace {

enum class StartMode : std::uint8_t { any, automatic };

constexpr std::array kStartModes = {Choice<StartMode>{"automatic", StartMode::automatic}};

/// What was written in one list of services.
struct Written {
  explicit Written(std::string_view whose)
      : names("service", fmt::format("appears twice {}", whose)),
        display_names("display name", fmt::format("appears twice {}", whose)) {}

  Duplicates names;
  Duplicates display_names;
};

/// `name` and `displayName`, of which one must be there. Answers the place of what was read.
std::optional<Place> read_names(Section& entry, WatchedService& service, Written& written) {
  const bool by_display_name = entry.raw("displayName") != nullptr;
  const auto name = entry.text(
      {.name = "name",
       .description = "Name of the service (not its display name), or a pattern with "
                      "`*` and `?`. Case does not count.",
       .need = by_display_name ? Need::optional : Need::required,
       .example = "QlikSense*",
       .alternatives = {"displayName"},
       .differs = "Case does not count, `*` and `?` make a pattern, and names with `$`, `&` or `(` "
                  "are watched too. Butler wants the exact case and watches none of those."},
      service.pattern, must_not_be_empty);
  const auto display_name = entry.text(
      {.name = "displayName",
       .writing = Writing::title,
       .description =
           "Display name of the service, or a pattern for display names, instead of `name`.",
       .example = "Qlik Sense *",
       .alternatives = {"name"}},
      service.display_name, must_not_be_empty);
  if (name && display_name) {
    entry.error(*display_name, "a service has either `name` or `displayName`; remove one");
    return std::nullopt;
  }
  if (name) written.names.add(entry, service.pattern, *name);
  if (display_name) written.display_names.add(entry, service.display_name, *display_name);
  return name ? name : display_name;
}

void read_service(Section& entry, ServiceEntry& out, Written& written) {
  auto& service = out.service;
  const auto place = read_names(entry, service, written);
  out.place = place.value_or(entry.place());
  entry.text({.name = "friendlyName",
              .writing = Writing::prose,
              .description = "Name of the service in alerts.",
              .example = "Qlik Sense Engine",
              .otherwise = "its display name"},
             service.friendly_name);
  const auto exclude = entry.texts(
      {.name = "exclude",
       .writing = Writing::title,
       .description = "Names, display names or patterns of services that the entry leaves out.",
       .example = "[QlikSenseRepositoryDatabase]"},
      service.exclude);
  if (place && exclude && is_one_name(service))
    entry.warning(*exclude, "`exclude` has no effect: `name` has no `*` or `?`");
  auto start_mode = StartMode::any;
  const auto start_mode_place = entry.choice(
      {.name = "startMode",
       .description = "Limits a pattern to services that Windows starts automatically.",
       .example = "automatic",
       .otherwise = "all"},
      start_mode, kStartModes);
  service.automatic_only = start_mode == StartMode::automatic;
  if (place && start_mode_place && is_one_name(service))
    entry.error(*start_mode_place, "`startMode` needs a pattern, but `name` has no `*` or `?`");
  read_policy(entry,
              {.name = "policy",
               .description = "Rules for its alerts.",
               .same_as = "serviceMonitor.policy"},
              out.policy);
}

}  // namespace

void read_services(Section& section, const Key& key, std::string_view whose,
                   std::vector<ServiceEntry>& out) {
  Written written(whose);
  Key by_name = key;
  by_name.entry_key = "name";
  section.list(by_name, out, [&written](Section& entry, ServiceEntry& service) {
    read_service(entry, service, written);
  });
}

}  // namespace tocsin::config
