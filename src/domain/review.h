// From transitions to alerts: which of those that decide() finds are notified, which are suppressed
// and why, and which are notified later because they still hold then. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/decide.h"
#include "domain/service.h"
#include "domain/transition.h"
#include "domain/watch.h"

namespace tocsin {

/// Why an alert is not notified now.
struct Suppression {
  std::string reason;        ///< a clause: "its host has just started"
  Time until = Time::max();  ///< when it ends, if it ends by itself
};

/// What suppresses the alerts of a service, but is not its own doing.
struct Circumstances {
  std::optional<Suppression> silence;       ///< everything but the end of what was notified
  std::optional<Suppression> outage;        ///< of its host: everything too
  std::optional<Suppression> storm;         ///< so much stopped at once: firing alerts
  std::optional<Suppression> acknowledged;  ///< somebody has seen what fires: reminders
  Time booted_at{};                         ///< when its host has started; the epoch: long ago
};

/// The service that is reviewed.
struct ReviewedService {
  const WatchedService& watched;
  const ServiceDetails* details;  ///< null when they are not known
  bool named;                     ///< written out in full, not found by a pattern
};

/// One line of the history, and an alert unless it is suppressed.
struct AlertDraft {
  Transition transition;
  std::string suppressed;      ///< the reason; empty: it is notified
  std::uint32_t reminder = 0;  ///< the n-th reminder; 0: the alert itself
  bool across_hosts = false;   ///< this and all that follow: as in Alert
  bool for_notified = false;
  bool over_already = false;
  bool goes_on = false;
};

/// Called after each check of a service, and when a suppression may have ended. `decided` is what
/// decide() found, if anything, and `previous` what it began with. A suppressed alert is notified
/// as soon as nothing suppresses it any more, if it is still so; one that is over by then never is,
/// unless a storm suppressed it. Keeps in `service` what was notified.
[[nodiscard]] std::vector<AlertDraft> review(const TrackedService* previous,
                                             TrackedService& service,
                                             const std::optional<Transition>& decided,
                                             const ReviewedService& of,
                                             const Circumstances& circumstances, Time now);

/// What always suppresses alerts of this kind for a service: another rule decides, or none does.
[[nodiscard]] std::optional<Suppression> standing_suppression(const WatchedService& watched,
                                                              TransitionKind kind);

/// Whether the present state was notified; of a service that flaps it never is.
[[nodiscard]] bool is_notified(const TrackedService& service);

/// What ends the alert that fires where no check will: "no longer monitored".
[[nodiscard]] Transition end_unmonitored(const TrackedService& service, std::string reason);

/// Whether there may be anything to review without a transition: an alert is suppressed or fires,
/// or the service flaps.
[[nodiscard]] bool is_open(const TrackedService& service);

/// An alert that is not notified now.
struct WaitingAlert {
  TransitionKind kind{};
  Suppression suppression;  ///< why, and until when
};

/// What review() would notify if nothing suppressed it; a reminder before its time is one too.
[[nodiscard]] std::optional<WaitingAlert> find_waiting(const TrackedService& service,
                                                       const ReviewedService& of,
                                                       const Circumstances& circumstances,
                                                       Time now);

/// When review() has something to say if nothing happens before; Time::max(): never.
[[nodiscard]] Time next_review(const TrackedService& service, const ReviewedService& of,
                               const Circumstances& circumstances, Time now);

}  // namespace tocsin
