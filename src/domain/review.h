// From transitions to alerts: which of those that decide() finds are notified, which are suppressed
// and why, and which are notified later because they still hold then. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/decide.h"
#include "domain/suppression.h"
#include "domain/transition.h"

namespace tocsin {

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
