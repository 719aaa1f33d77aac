// The sections of the file that this version uses. Each declares its keys where it reads them.
#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/section.h"

namespace tocsin::config {

/// A destination that is switched on, but that this version does not deliver to.
struct Undelivered {
  std::string_view name;     ///< for people
  std::string_view section;  ///< where the original configures it
  Place place;               ///< of the switch
};

/// What the switches of `serviceMonitor.alertDestination` say.
struct Destinations {
  bool webhook = false;
  std::vector<Undelivered> undelivered;
};

/// All of it: what stands under `Butler:` or `tocsin:`.
void read_config(Section& root, Config& config);

/// `serviceMonitor`: what is watched, how often, with which accounts, and who is told.
[[nodiscard]] Destinations read_service_monitor(Section& section, Config& config);

/// `serviceMonitor.alertDestination`.
void read_alert_destinations(Section& section, Destinations& destinations);
/// Says once per destination, and once per template that is not there, what will not work.
void warn_of_undelivered(Section& root, const std::vector<Undelivered>& undelivered);

/// `webhookNotification`; `wanted` says whether alerts are to go there.
void read_webhook_notification(Section& section, bool wanted, WebhookDestinations& webhook);

}  // namespace tocsin::config
