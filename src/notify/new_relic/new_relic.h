// New Relic: changes as events (Event API) and as log entries (Log API), with Butler's names.
#pragma once

#include <string>
#include <vector>

#include "config/destinations/new_relic.h"
#include "domain/alert.h"
#include "notify/destination.h"

namespace tocsin::notify {

/// The body of a POST to the Event API: one event, `eventType` "qs_serviceStateEvent". `now`: an
/// alert that comes late says when it happened; without that New Relic takes the time of receipt.
/// What exceeds New Relic's limits is cut: 4,096 bytes a value, 254 attributes.
[[nodiscard]] std::string new_relic_event(const config::NewRelicDestination& settings,
                                          const Alert& alert, Time now);
/// The body of a POST to the Log API: one entry, `logtype` "qs_serviceStateLog".
[[nodiscard]] std::string new_relic_log(const config::NewRelicDestination& settings,
                                        const Alert& alert, Time now);

/// One destination for each account and kind of data.
void add_channels(const config::NewRelic& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
