// A kind of destination, as the file describes it.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

class Section;

/// All that is known of a kind of destination besides its settings.
struct DestinationType {
  std::string_view id;           ///< in `alertDestination`, routes and commands: "pagerDuty"
  std::string_view name;         ///< for people: "PagerDuty"
  std::string_view section;      ///< where it is configured: "pagerDutyNotification"
  std::string_view description;  ///< of that section
  bool gets_alerts = true;       ///< false: it gets every state, and no alerts
};

/// The settings of a kind of destination. Beside it stands `read_settings(Section&, bool wanted,
/// T&)`, where `wanted` says whether `alertDestination` asks for it; `labels()`, where there may be
/// several of the kind, tells them apart: "webhook:On-call".
template <typename T>
concept DestinationSettings = requires(T settings) {
  { T::kType } -> std::convertible_to<DestinationType>;
  { settings.enabled } -> std::same_as<bool&>;
};

}  // namespace tocsin::config
