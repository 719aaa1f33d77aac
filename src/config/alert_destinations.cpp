#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "config/files.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

struct OtherDestination {
  std::string_view key;
  std::string_view name;
  std::string_view section;
  std::string_view description;
};

constexpr std::array kOtherDestinations = {
    OtherDestination{"influxDb", "InfluxDB", "influxDb",
                     "InfluxDB; this version does not deliver there yet."},
    OtherDestination{"newRelic", "New Relic", "incidentTool",
                     "New Relic; this version does not deliver there yet."},
    OtherDestination{"email", "email", "emailNotification",
                     "Email; this version does not deliver there yet."},
    OtherDestination{"mqtt", "MQTT", "mqttConfig",
                     "MQTT; this version does not deliver there yet."},
    OtherDestination{"teams", "Microsoft Teams", "teamsNotification",
                     "Microsoft Teams; this version does not deliver there yet."},
    OtherDestination{"slack", "Slack", "slackNotification",
                     "Slack; this version does not deliver there yet."},
};

std::optional<Place> read_switch(Section& section, std::string_view key,
                                 std::string_view description, bool& on) {
  std::optional<Place> place;
  section.section({.name = key, .description = description}, [&](Section& inner) {
    place = inner.boolean(
        {.name = "enable", .description = "Whether alerts go there.", .example = "true"}, on);
  });
  return place;
}

std::string text_of(const YamlNode& section, std::string_view key) {
  const auto* value = section.find(key);
  return value == nullptr ? std::string{} : value->text;
}

/// Warns when the template that a message needs is not there.
void check_template(Section& root, const YamlNode& message) {
  const auto* file = message.find("templateFile");
  auto path = text_of(message, "templateFile");
  if (file == nullptr) {
    file = message.find("htmlTemplateFile");
    path = text_of(message, "bodyFileDirectory") + "/" + text_of(message, "htmlTemplateFile") +
           ".handlebars";
  }
  if (file == nullptr || file->text.empty() || text_of(message, "messageType") == "basic" ||
      Substitution::has_reference(path))
    return;
  path = path_from(root.reading().directory, path);
  if (!is_file(path))
    root.warning(file->place, fmt::format("the template `{}` does not exist", printable(path)));
}

}  // namespace

void read_alert_destinations(Section& section, Destinations& destinations) {
  read_switch(section, "webhook", "The webhooks of `webhookNotification`.", destinations.webhook);
  for (const auto& other : kOtherDestinations) {
    bool on = false;
    const auto place = read_switch(section, other.key, other.description, on);
    if (on) destinations.undelivered.push_back({other.name, other.section, *place});
  }
}

void warn_of_undelivered(Section& root, const std::vector<Undelivered>& undelivered) {
  for (const auto& destination : undelivered) {
    root.warning(destination.place,
                 fmt::format("this version does not deliver to {} yet", destination.name));
    const auto* section = root.raw(destination.section);
    if (section == nullptr || text_of(*section, "enable") != "true") continue;
    for (const auto* key : {"serviceStopped", "serviceStarted"}) {
      const auto* message = section->find(key);
      if (message != nullptr) check_template(root, *message);
    }
  }
}

}  // namespace tocsin::config
