// `serviceMonitor.routes`: which alerts go where, and to whom besides when they last.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "domain/policy.h"
#include "domain/transition.h"

namespace tocsin::config {

/// What an alert must be like; an empty list asks for nothing. Patterns are folded.
struct RouteConditions {
  std::vector<std::string> sets;
  std::vector<std::string> hosts;
  std::vector<std::string> services;
  std::vector<AlertSeverity> severities;
  /// Of firing alerts; a resolved one goes where the firing one went.
  std::vector<TransitionKind> kinds;
};

/// Further destinations of an alert that still fires after a time.
struct Escalation {
  Duration after{};
  std::vector<std::string> to;
};

/// Destinations by their names: a channel, as `alertDestination` calls it, or one of several of a
/// channel: "webhook:On-call".
struct Route {
  std::string name;  ///< for people; may be empty
  RouteConditions match;
  std::vector<std::string> to;  ///< empty: nobody
  std::vector<Escalation> escalations;
};

}  // namespace tocsin::config
