// The sections of a destination that say what is sent of which alerts, and to whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::config {

/// `serviceStopped` and `serviceStarted` as Butler has them, and `otherAlerts` for all that is
/// neither, which goes by another address when it is resolved than while it fires.
enum class AlertSection : std::uint8_t { stopped, started, other_firing, other_resolved };

/// As the file calls it.
[[nodiscard]] constexpr std::string_view key_of(AlertSection section) {
  switch (section) {
    case AlertSection::stopped:
      return "serviceStopped";
    case AlertSection::started:
      return "serviceStarted";
    case AlertSection::other_firing:
    case AlertSection::other_resolved:
      break;
  }
  return "otherAlerts";
}

/// What holds for the alerts of a section. Settings of a destination have the members `stopped`,
/// `started` and, where the file has `otherAlerts`, `other_firing` and `other_resolved`, complete.
/// Without them those alerts go where services that stop or start go, with built-in texts:
/// `without_texts(Message)` stands beside the message's type.
template <typename Settings>
[[nodiscard]] auto message_of(const Settings& settings, AlertSection section) {
  switch (section) {
    case AlertSection::stopped:
      return settings.stopped;
    case AlertSection::started:
      return settings.started;
    case AlertSection::other_firing:
      return settings.other_firing.value_or(without_texts(settings.stopped));
    case AlertSection::other_resolved:
      break;
  }
  return settings.other_resolved.value_or(without_texts(settings.started));
}

}  // namespace tocsin::config
