// PagerDuty: Events API v2. A service that stops opens an incident; one that runs again resolves
// it.
#pragma once

#include <string>
#include <vector>

#include "config/destinations/pager_duty_notification.h"
#include "domain/alert.h"
#include "notify/destination.h"

namespace tocsin::notify {

/// The same for all alerts of one service: "host/service", at most 255 characters; what is longer
/// ends in a hash.
[[nodiscard]] std::string pager_duty_dedup_key(const Alert& alert);

/// The body of a POST to /v2/enqueue.
[[nodiscard]] std::string pager_duty_event(const config::PagerDuty& settings, const Alert& alert);

void add_channels(const config::PagerDuty& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
