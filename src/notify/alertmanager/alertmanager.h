// Prometheus Alertmanager, API v2: a service that stops fires an alert, and one that runs again
// resolves it.
#pragma once

#include <string>
#include <vector>

#include "config/destinations/alertmanager_notification.h"
#include "domain/alert.h"
#include "notify/destination.h"

namespace tocsin::notify {

/// The body of a POST to /api/v2/alerts: one alert. All alerts of one service have the same labels
/// (alertname, host, service, and the configured ones), so the resolved one ends the firing one. A
/// firing one ends by itself only after a year: nobody repeats it.
[[nodiscard]] std::string alertmanager_alert(const config::Alertmanager& settings,
                                             const Alert& alert);

/// One destination for each server.
void add_channels(const config::Alertmanager& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
