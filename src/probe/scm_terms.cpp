#include "probe/scm_terms.h"

#include <chrono>

namespace tocsin::probe {

ServiceState to_state(const Error& error) {
  switch (error.native.value_or(0)) {
    case svcctl::kAccessDenied:
      return ServiceState::denied;
    case svcctl::kServiceDoesNotExist:
    case svcctl::kInvalidName:             // no service can have this name
    case svcctl::kServiceMarkedForDelete:  // it goes with the last handle to it
      return ServiceState::missing;
    default:
      return ServiceState::unknown;  // neither an outage nor a removal is shown by it
  }
}

ServiceStatus to_status(const svcctl::ServiceStatusProcess& wire) {
  return {.state = wire.has_valid_state() ? static_cast<ServiceState>(wire.current_state)
                                          : ServiceState::unknown,
          .process_id = wire.process_id,
          .exit_code = wire.win32_exit_code,
          .service_exit_code = wire.service_specific_exit_code,
          .checkpoint = wire.check_point,
          .wait_hint = std::chrono::milliseconds(wire.wait_hint)};
}

StartMode to_start_mode(std::uint32_t start_type, bool delayed) {
  switch (start_type) {
    case svcctl::kBootStart:
      return StartMode::boot;
    case svcctl::kSystemStart:
      return StartMode::system;
    case svcctl::kAutoStart:
      return delayed ? StartMode::automatic_delayed : StartMode::automatic;
    case svcctl::kDemandStart:
      return StartMode::manual;
    case svcctl::kDisabled:
      return StartMode::disabled;
    default:
      return StartMode::unknown;
  }
}

bool is_there(const ServiceStatus& status) {
  return status.state != ServiceState::missing && status.state != ServiceState::denied;
}

bool is_shutdown(const Error& error) { return error.native == svcctl::kShutdownInProgress; }

bool is_unanswered(const Error& error) {
  if (error.kind == ErrorKind::timed_out) return !error.native;  // a code is the manager's answer
  return error.kind == ErrorKind::unreachable && !is_shutdown(error);
}

Error shutdown_error() {
  return {ErrorKind::unreachable, "the host is shutting down", svcctl::kShutdownInProgress};
}

}  // namespace tocsin::probe
