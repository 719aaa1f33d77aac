// What rows say beyond their columns, as JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/alert.h"
#include "domain/boot.h"
#include "domain/decide.h"
#include "logins/guard.h"

namespace tocsin::store {

/// All of the alert but its id, time, kind and names, which are columns.
[[nodiscard]] std::string details_to_json(const Alert& alert);

/// Fills in what details_to_json() wrote; what is absent stays as it is. False, and the alert as it
/// was, when the text is not such JSON.
[[nodiscard]] bool details_from_json(std::string_view text, Alert& alert);

/// What was notified of a service, and what is suppressed; empty: all was notified.
[[nodiscard]] std::string notified_to_json(const TrackedService& service);
/// Reads it into the service; false, and as if all was notified, when it is malformed.
[[nodiscard]] bool notified_from_json(std::string_view text, TrackedService& service);

/// All that is known of a service besides its state.
[[nodiscard]] std::string details_to_json(const ServiceDetails& details);
/// The inverse; null for a malformed text. Earlier versions left out executable and dependencies.
[[nodiscard]] std::shared_ptr<const ServiceDetails> details_from_json(std::string_view text);

/// By what the next start of a host is recognised; empty: nothing is known.
[[nodiscard]] std::string boot_to_json(const BootSigns& boot);
/// The inverse; malformed values are not known.
[[nodiscard]] BootSigns boot_from_json(std::string_view text);

/// Why a login is suspected.
[[nodiscard]] std::string suspicion_to_json(const logins::Suspicion& suspicion);
/// The inverse; nothing when it is malformed.
[[nodiscard]] std::optional<logins::Suspicion> suspicion_from_json(std::string_view text);

}  // namespace tocsin::store
