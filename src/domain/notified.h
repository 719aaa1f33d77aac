// What people were notified of about a service, compared with how it is. Pure.
#pragma once

#include <optional>
#include <string>

#include "domain/decide.h"
#include "domain/policy.h"
#include "domain/transition.h"

namespace tocsin {

/// Whether the present state was notified, also of a service that flaps.
[[nodiscard]] bool is_present_notified(const TrackedService& service);
/// Whether a storm has suppressed what is over by now.
[[nodiscard]] bool is_over_in_storm(const TrackedService& service);
/// Whether the present state was notified; of a service that flaps it never is.
[[nodiscard]] bool is_notified(const TrackedService& service);

/// What ends the alert that fires where no check will: "no longer monitored".
[[nodiscard]] Transition end_unmonitored(const TrackedService& service, std::string reason);

/// Whether there may be anything to review without a transition: an alert is suppressed or fires,
/// or the service flaps.
[[nodiscard]] bool is_open(const TrackedService& service);

/// Whether something is wrong with it.
[[nodiscard]] bool is_bad(const TrackedService& service, const Policy& policy);

/// What must be notified so that people know the present state; nothing when they know it.
[[nodiscard]] std::optional<Transition> catch_up(const TrackedService& service,
                                                 const Policy& policy);
/// What is wrong with a service that flaps.
[[nodiscard]] Transition bad_state(const TrackedService& service);
/// The reminder of what was notified.
[[nodiscard]] Transition remind(const TrackedService& service, const Policy& policy, Time now);

}  // namespace tocsin
