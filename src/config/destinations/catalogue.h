// The catalogue of destinations: a kind that stands here exists, everywhere.
#pragma once

#include <string_view>
#include <tuple>

#include "config/destinations/alertmanager_notification.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/email_notification.h"
#include "config/destinations/influx_db.h"
#include "config/destinations/mqtt_config.h"
#include "config/destinations/new_relic.h"
#include "config/destinations/ntfy_notification.h"
#include "config/destinations/pager_duty_notification.h"
#include "config/destinations/slack_notification.h"
#include "config/destinations/teams_notification.h"
#include "config/destinations/webhook_notification.h"

namespace tocsin::config {

/// The settings of all kinds, in the order of the reference.
using Destinations = std::tuple<WebhookDestinations, Slack, Teams, Email, Mqtt, InfluxDb, NewRelic,
                                PagerDuty, Alertmanager, Ntfy>;

/// `visit(settings)` for each kind.
template <typename Visit>
void for_each_destination(const Destinations& destinations, Visit visit) {
  std::apply([&](const auto&... settings) { (visit(settings), ...); }, destinations);
}

}  // namespace tocsin::config
