// From facts to news: which of the changes that decide() finds are told, which are held back and
// why, and what is told later because it still holds then. Pure.
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

/// Why nobody is told now.
struct Suppression {
  std::string reason;        ///< a clause: "its host has just started"
  Time until = Time::max();  ///< when it ends, if it ends by itself
};

/// What holds news of a service back that is not its own doing.
struct Circumstances {
  std::optional<Suppression> silence;  ///< holds everything back
  std::optional<Suppression> outage;   ///< of its host: everything too
  std::optional<Suppression> storm;    ///< so much changed at once: bad news
  Time booted_at{};                    ///< when its host has started; the epoch: long ago
};

/// The service that is reviewed.
struct ReviewedService {
  const WatchedService& watched;
  const ServiceDetails* details;  ///< null when they are not known
  bool named;                     ///< written out in full, not found by a pattern
};

/// One line of the history, and an alert when it is told.
struct AlertDraft {
  Transition transition;
  std::string suppressed;      ///< why it is not told; empty: it is
  std::uint32_t reminder = 0;  ///< the n-th time that it is told again
};

/// After each look at a service, and when a hold may have ended. `fact` is what decide() found, if
/// anything, and `previous` what it began with. What is held back is told as soon as nothing holds
/// it any more, if it is still so; what is over by then is not told at all. Keeps in `service` what
/// people were told.
[[nodiscard]] std::vector<AlertDraft> review(const TrackedService* previous,
                                             TrackedService& service,
                                             const std::optional<Transition>& decided,
                                             const ReviewedService& of,
                                             const Circumstances& circumstances, Time now);

/// What always keeps such news of a service from being told: another rule decides, or none does.
[[nodiscard]] std::optional<Suppression> standing_suppression(const WatchedService& watched,
                                                              TransitionKind kind);

/// Whether people know what is.
[[nodiscard]] bool is_notified(const TrackedService& service);

/// Whether there is anything to review without a fact: something is held back, flaps or is to be
/// repeated.
[[nodiscard]] bool is_open(const TrackedService& service, const Policy& policy);

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
