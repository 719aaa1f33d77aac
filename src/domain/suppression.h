// Why an alert about a service is not notified now, and until when: the circumstances, and the
// rules. Pure.
#pragma once

#include <optional>
#include <string>

#include "domain/decide.h"
#include "domain/recovery.h"
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
  const RecoveryState* recovery = nullptr;  ///< what tocsin has done about it; null: nothing
};

/// The service that is reviewed.
struct ReviewedService {
  const WatchedService& watched;
  const ServiceDetails* details;  ///< null when they are not known
  bool named;                     ///< written out in full, not found by a pattern
};

/// What always suppresses alerts of this kind for a service: another rule decides, or none does.
[[nodiscard]] std::optional<Suppression> standing_suppression(const WatchedService& watched,
                                                              TransitionKind kind);

/// What suppresses the alerts of a service while its host has just started.
[[nodiscard]] std::optional<Suppression> boot_grace(const ReviewedService& of, Time booted_at,
                                                    Time now);

/// What suppresses the alerts of one service now. Refers to all that it is given.
class Suppressions {
 public:
  Suppressions(const TrackedService& service, const ReviewedService& of,
               const Circumstances& circumstances, Time now)
      : service_(service),
        of_(of),
        policy_(of.watched.policy),
        circumstances_(circumstances),
        now_(now) {}

  [[nodiscard]] std::optional<Suppression> find(const Transition& transition) const {
    auto suppressed = lasting(transition);
    return suppressed ? suppressed : grace(transition);
  }
  /// All but the grace.
  [[nodiscard]] std::optional<Suppression> lasting(const Transition& transition) const {
    auto suppressed = but_storm(transition);
    return suppressed ? suppressed : storm(transition);
  }
  [[nodiscard]] std::optional<Suppression> of_reminder(const Transition& again) const {
    auto suppressed = lasting(again);
    return suppressed ? suppressed : circumstances_.acknowledged;
  }
  /// All but grace and storm.
  [[nodiscard]] std::optional<Suppression> but_storm(const Transition& transition) const;
  [[nodiscard]] std::optional<Suppression> storm(const Transition& transition) const;
  [[nodiscard]] std::optional<Suppression> grace(const Transition& transition) const;
  /// Why the rules say nothing of it, for as long as they are as they are.
  [[nodiscard]] std::optional<Suppression> exemption(const Transition& transition) const;
  /// Suppresses a good transition if the state and the notification before it were good too.
  [[nodiscard]] std::optional<Suppression> between_expected(const Transition& transition) const;
  /// Why a firing alert is no longer wanted, although only the rules have changed.
  [[nodiscard]] std::optional<Suppression> lapse() const;
  /// Whether what suppresses an alert ends for many at once.
  [[nodiscard]] bool ends_for_many() const { return circumstances_.silence || boot(); }

 private:
  /// Whether it ends what was notified.
  [[nodiscard]] bool ends_notified(const Transition& transition) const {
    return fires(service_) && ends_well(transition.kind, transition.to, policy_.expected);
  }
  /// Whether what was notified last is what should be.
  [[nodiscard]] bool is_good_notified() const;
  [[nodiscard]] std::optional<Suppression> normal_end(const Transition& transition) const;
  [[nodiscard]] std::optional<Suppression> boot() const;

  const TrackedService& service_;
  const ReviewedService& of_;
  const Policy& policy_;
  const Circumstances& circumstances_;
  Time now_;
};

}  // namespace tocsin
