// What the parts of Lanes share (lanes*.cpp).
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "notify/lanes.h"

namespace tocsin::notify {

[[nodiscard]] inline store::DeliveryUpdate update_of(const store::Delivery& delivery,
                                                     store::DeliveryState state, Now now,
                                                     std::string detail) {
  return {.id = delivery.id,
          .state = state,
          .attempts = delivery.attempts,
          .at = now.wall,
          .not_before = delivery.not_before,
          .detail = std::move(detail),
          .group = delivery.group,
          .escalated = delivery.escalated};
}

[[nodiscard]] inline std::string key_of(const HostName& host, const ServiceName& service) {
  return host.key() + '\0' + service.key();
}
[[nodiscard]] inline std::string key_of(const Alert& alert) {
  return key_of(alert.host, alert.service);
}

/// Whose turn a delivery takes: its host's, or that of all hosts.
[[nodiscard]] inline std::string turn_of(const Alert& alert) {
  return alert.across_hosts ? "" : alert.host.key();
}

/// Whether it goes only to those who were notified of what it ends.
[[nodiscard]] inline bool is_end_for_notified(const store::Delivery& delivery) {
  return delivery.conditional && (is_resolved(delivery.alert) || delivery.alert.for_notified);
}

/// A delivery that was tried before has an id that its destination may know: it leaves as it is.
[[nodiscard]] inline bool leaves_alone(const store::Delivery& delivery) {
  return delivery.attempts > 0;
}

/// When it may be sent. What was stored waits no longer than it was to: a later time is from before
/// the clock was set back.
[[nodiscard]] inline Time due_of(const store::Delivery& delivery, Now now) {
  const auto since = delivery.attempts > 0 ? delivery.updated : delivery.created;
  const Duration pause = delivery.not_before - since;
  const bool is_long = is_escalation(delivery);
  return now.to_steady(delivery.not_before,
                       is_long ? pause : std::min<Duration>(pause, kLongestPause));
}

}  // namespace tocsin::notify
