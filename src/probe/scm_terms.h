// What the numbers of a service control manager mean in our words: over the wire and in Win32 the
// same.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "domain/service.h"
#include "wire/svcctl/messages.h"

namespace tocsin::probe {

/// A state that does not exist is one service's fault, not its host's: unknown.
[[nodiscard]] ServiceStatus to_status(const svcctl::ServiceStatusProcess& raw);

/// dwStartType ([MS-SCMR] 2.2.15).
[[nodiscard]] StartMode to_start_mode(std::uint32_t start_type, bool delayed);

/// What the service manager's error about one service says of its state: denied, missing, else
/// unknown, which shows neither an outage nor a removal.
[[nodiscard]] ServiceState to_state(const Error& error);

/// Whether the manager lets us see the service: it is neither missing nor denied.
[[nodiscard]] bool is_there(const ServiceStatus& status);

/// Whether the manager says that its host is going down (ERROR_SHUTDOWN_IN_PROGRESS): whatever it
/// was asked for, the host is as good as unreachable.
[[nodiscard]] bool is_shutdown(const Error& error);
/// Whether the manager said nothing, so that nobody knows what became of the question.
[[nodiscard]] bool is_unanswered(const Error& error);
/// That, for people. unreachable, 1115.
[[nodiscard]] Error shutdown_error();

}  // namespace tocsin::probe
