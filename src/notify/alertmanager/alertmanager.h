// Prometheus Alertmanager, API v2: what stops fires an alert, what runs again ends it.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "domain/alert.h"
#include "notify/destination.h"

namespace tocsin::notify {

/// The body of a POST to /api/v2/alerts: one alert. All alerts of one service have the same labels
/// (alertname, host, service, and the configured ones), so the one that runs again ends the one
/// that stopped. A firing one ends by itself only after a year: nobody repeats it.
[[nodiscard]] std::string alertmanager_alert(const config::Alertmanager& settings,
                                             const Alert& alert);

/// One destination for each server.
void add_alertmanager(const config::Alertmanager& settings, const ChannelDeps& deps,
                      std::vector<Destination>& to);

}  // namespace tocsin::notify
