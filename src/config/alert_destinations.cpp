#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "config/sections.h"

namespace tocsin::config {
namespace {

struct Destination {
  std::string_view key;   ///< in `alertDestination`
  std::string_view name;  ///< for people
  Wanted AlertDestinations::* wanted;
  std::string_view section;  ///< that configures it
  std::string_view description;
};

/// In Butler's order; then ours.
constexpr std::array kDestinations = {
    Destination{"influxDb", "InfluxDB", &AlertDestinations::influx_db, "influxDb",
                "InfluxDB, configured in `influxDb`."},
    Destination{"newRelic", "New Relic", &AlertDestinations::new_relic, "incidentTool",
                "New Relic, configured in `incidentTool.newRelic`."},
    Destination{"email", "email", &AlertDestinations::email, "emailNotification",
                "Email, configured in `emailNotification`."},
    Destination{"mqtt", "MQTT", &AlertDestinations::mqtt, "mqttConfig",
                "MQTT, configured in `mqttConfig`."},
    Destination{"teams", "Microsoft Teams", &AlertDestinations::teams, "teamsNotification",
                "Microsoft Teams, configured in `teamsNotification`."},
    Destination{"slack", "Slack", &AlertDestinations::slack, "slackNotification",
                "Slack, configured in `slackNotification`."},
    Destination{"webhook", "webhooks", &AlertDestinations::webhook, "webhookNotification",
                "Webhooks, configured in `webhookNotification`."},
    Destination{"pagerDuty", "PagerDuty", &AlertDestinations::pager_duty, "pagerDutyNotification",
                "PagerDuty, configured in `pagerDutyNotification`."},
    Destination{"alertmanager", "Alertmanager", &AlertDestinations::alertmanager,
                "alertmanagerNotification",
                "Prometheus Alertmanager, configured in `alertmanagerNotification`."},
};

void warn_of_missing_section(Section& root, const Destination& destination, const Wanted& wanted) {
  if (!wanted.on || root.raw(destination.section) != nullptr) return;
  root.warning(wanted.place, fmt::format("nothing goes to {}: the section `{}` is missing",
                                         destination.name, destination.section));
}

}  // namespace

bool AlertDestinations::any() const {
  for (const auto& destination : kDestinations) {
    if ((this->*destination.wanted).on) return true;
  }
  return false;
}

void read_alert_destinations(Section& section, AlertDestinations& destinations) {
  for (const auto& destination : kDestinations) {
    Wanted& wanted = destinations.*destination.wanted;
    section.section({.name = destination.key, .description = destination.description},
                    [&wanted](Section& inner) {
                      const auto place =
                          inner.boolean({.name = "enable",
                                         .description = "Sends alerts to this destination.",
                                         .example = "true"},
                                        wanted.on);
                      if (!wanted.on) inner.switch_off();
                      wanted.place = place.value_or(Place{});
                    });
  }
}

bool read_enable(Section& section, bool wanted, ButlerSwitch butler_switch) {
  bool enabled = true;
  const auto place = section.boolean(
      {.name = "enable",
       .description = "Switches the destination on or off.",
       .example = "true",
       .differs = butler_switch == ButlerSwitch::ignored ? "Obeyed. Butler ignores it, and goes by "
                                                           "`alertDestination` alone."
                                                         : ""},
      enabled);
  if (wanted && !enabled)
    section.warning(*place,
                    "`enable` is false, so nothing goes there, although `alertDestination` asks "
                    "for it");
  if (!wanted || !enabled) section.switch_off();
  return wanted && enabled;
}

void read_destinations(Section& root, const AlertDestinations& wanted, Config& config) {
  for (const auto& destination : kDestinations)
    warn_of_missing_section(root, destination, wanted.*destination.wanted);
  root.section({.name = "webhookNotification", .description = "Alerts as HTTP requests."},
               [&](Section& section) {
                 read_webhook_notification(section, wanted.webhook.on, config.webhook);
               });
  root.section(
      {.name = "slackNotification", .description = "Alerts as Slack messages."},
      [&](Section& section) { read_slack_notification(section, wanted.slack.on, config.slack); });
  root.section(
      {.name = "teamsNotification", .description = "Alerts as Microsoft Teams cards."},
      [&](Section& section) { read_teams_notification(section, wanted.teams.on, config.teams); });
  root.section(
      {.name = "emailNotification", .description = "Alerts as mails."},
      [&](Section& section) { read_email_notification(section, wanted.email.on, config.email); });
  root.section({.name = "mqttConfig", .description = "Alerts and service states as MQTT messages."},
               [&](Section& section) { read_mqtt_config(section, wanted.mqtt.on, config.mqtt); });
  root.section(
      {.name = "influxDb", .description = "Service states as a time series."},
      [&](Section& section) { read_influx_db(section, wanted.influx_db.on, config.influx_db); });
  read_new_relic(root, wanted.new_relic.on, config.new_relic);
  root.section({.name = "pagerDutyNotification", .description = "Alerts as PagerDuty incidents."},
               [&](Section& section) {
                 read_pager_duty_notification(section, wanted.pager_duty.on, config.pager_duty);
               });
  root.section(
      {.name = "alertmanagerNotification", .description = "Alerts for Prometheus Alertmanager."},
      [&](Section& section) {
        read_alertmanager_notification(section, wanted.alertmanager.on, config.alertmanager);
      });
}

}  // namespace tocsin::config
