// The catalogue of destinations: a kind that stands here exists, everywhere.
#pragma once

#include <string_view>
#include <tuple>

#include "config/alertmanager_notification.h"
#include "config/destination.h"
#include "config/email_notification.h"
#include "config/influx_db.h"
#include "config/mqtt_config.h"
#include "config/new_relic.h"
#include "config/ntfy_notification.h"
#include "config/pager_duty_notification.h"
#include "config/slack_notification.h"
#include "config/teams_notification.h"
#include "config/webhook_notification.h"

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
