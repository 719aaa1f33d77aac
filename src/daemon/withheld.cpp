#include "daemon/withheld.h"

namespace tocsin::daemon {

std::optional<Suppression> withheld(const Withholding& by, const Alert& alert, Time now) {
  if (auto silence = by.silences.find(alert.host, alert.service, now)) return silence;
  const auto* host = by.find_host(alert.host);
  if (host != nullptr && !is_about_host(alert)) {
    if (auto outage = host->outage(alert.service)) return outage;
  }
  // An alert may be followed by others before its end: what was acknowledged is the first of them.
  const auto since = host != nullptr ? host->firing_since(alert.service) : std::nullopt;
  return by.acks.find(alert.host, alert.service, since.value_or(alert.at));
}

}  // namespace tocsin::daemon
