// The alert that a change would be, for whoever asks who would be notified of it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "domain/alert.h"
#include "domain/policy.h"
#include "domain/watch.h"

namespace tocsin {

/// The kind of that word; of an empty one the usual kind of alerts about a service, or about a host
/// itself. Nothing: there is no such kind.
[[nodiscard]] std::optional<TransitionKind> imagined_kind(std::string_view word, About about);

[[nodiscard]] Alert imagined_alert(HostName host, const HostPolicy& policy, TransitionKind kind);
/// About a service that `entry` watches; suppressed where a rule always suppresses it.
[[nodiscard]] Alert imagined_alert(HostName host, ServiceName service, const WatchedService& entry,
                                   TransitionKind kind);

}  // namespace tocsin
