// Whether and when tocsin itself starts a service again, by `policy.recovery`. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/names.h"
#include "domain/policy.h"
#include "domain/tracked_service.h"

namespace tocsin {

struct Circumstances;
struct ReviewedService;

/// What was done to get a service running again since it last ran for long enough. The count is
/// stored before an attempt is made: a crash may cost one, and never adds one.
struct RecoveryState {
  unsigned attempts = 0;
  Time begun{};         ///< the last attempt
  Time ended{};         ///< the epoch: it is under way
  bool runs = false;    ///< the service ran after it
  std::string outcome;  ///< of the last attempt, as a clause: "it runs", "1069: ..."

  friend bool operator==(const RecoveryState&, const RecoveryState&) = default;
};

/// Of a service; null: nothing was done.
using RecoveryOf = std::function<const RecoveryState*(const ServiceName&)>;

enum class RecoveryStep : std::uint8_t {
  none,      ///< it is no service that recovery takes care of, or it is well
  withheld,  ///< something keeps an attempt from being made
  attempt,   ///< one is due at a time
  spent,     ///< no attempts are left
};

struct RecoveryPlan {
  RecoveryStep step = RecoveryStep::none;
  Time at = Time::max();  ///< of an attempt, or when what withholds it ends, if that is known
  std::string why;        ///< of a step that is withheld, as a clause
};

/// What comes next for the service. `known`: what was done up to now.
[[nodiscard]] RecoveryPlan plan_recovery(const TrackedService& service, const ReviewedService& of,
                                         const Circumstances& circumstances,
                                         const RecoveryState& known, Time now);

/// When the service has been well for so long that attempts are counted from 0 again;
/// Time::max(): it is not well, or not observed.
[[nodiscard]] Time forgets_attempts_at(const TrackedService& service, const Policy& policy);

/// Whether no attempt is left, and the last one has ended.
[[nodiscard]] bool is_spent(const RecoveryState& known, const RecoveryPolicy& policy);

/// What an alert says of it, as a clause: of a firing one "tried to start it 2 times: 1069: ...",
/// of a resolved one "after tocsin started it (attempt 2 of 3)"; empty: nothing was done.
/// `bad_since`: since when the service is, or was, as the alert says.
[[nodiscard]] std::string recovery_text(const RecoveryState& known, const RecoveryPolicy& policy,
                                        bool is_resolved, Time bad_since);

}  // namespace tocsin
