// What people are told: a transition with all that a message may want to say about it.
#pragma once

#include <string>
#include <vector>

#include "domain/decide.h"

namespace tocsin {

/// Complete in itself, because it is stored and may be sent long after the host changed again.
struct Alert {
  AlertId id;
  Time at{};
  TransitionKind kind{};
  HostName host;
  ServiceName service;  ///< as configured or, for patterns, as the host spells it
  std::string friendly_name;
  ServiceDetails details;
  ServiceStatus status;
  ServiceState from{};
  ServiceState to{};
  Time previous_since{};  ///< since when the service was in the state before
  std::string reason;
};

/// Good news: the service runs. All else is told as what has stopped is.
[[nodiscard]] inline bool is_up(const Alert& alert) { return alert.to == ServiceState::running; }

/// The service's display name; its key name where that is not known.
[[nodiscard]] inline const std::string& display_name(const Alert& alert) {
  return alert.details.display_name.empty() ? alert.service.text() : alert.details.display_name;
}

/// Whether Butler knows such alerts. Messages about others say more: their receivers expect
/// nothing.
[[nodiscard]] inline bool is_of_the_original(TransitionKind kind) {
  return kind == TransitionKind::started || kind == TransitionKind::stopped ||
         kind == TransitionKind::paused;
}

}  // namespace tocsin
