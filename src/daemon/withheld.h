// Why an escalation is not sent although it is due.
#pragma once

#include <functional>
#include <optional>

#include "daemon/acks.h"
#include "daemon/silences.h"
#include "domain/alert.h"
#include "domain/monitored_host.h"

namespace tocsin::daemon {

/// What may withhold it. All of it outlives this.
struct Withholding {
  const Silences& silences;
  const Acks& acks;
  /// A host or a cluster; null: it is not monitored.
  std::function<const MonitoredHost*(const HostName&)> find_host;
};

/// What withholds escalations of the alert now: a silence or maintenance, its host that is not
/// reached (of a cluster: none of its hosts), or its acknowledgement. Nothing: it may be sent.
[[nodiscard]] std::optional<Suppression> withheld(const Withholding& by, const Alert& alert,
                                                  Time now);

}  // namespace tocsin::daemon
