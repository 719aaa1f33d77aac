#include "domain/service.h"

namespace tocsin {

std::string_view to_string(ServiceState state) {
  switch (state) {
    case ServiceState::stopped:
      return "STOPPED";
    case ServiceState::start_pending:
      return "START_PENDING";
    case ServiceState::stop_pending:
      return "STOP_PENDING";
    case ServiceState::running:
      return "RUNNING";
    case ServiceState::continue_pending:
      return "CONTINUE_PENDING";
    case ServiceState::pause_pending:
      return "PAUSE_PENDING";
    case ServiceState::paused:
      return "PAUSED";
    case ServiceState::missing:
      return "MISSING";
    case ServiceState::denied:
      return "DENIED";
    case ServiceState::unknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

std::optional<ServiceState> parse_service_state(std::string_view text) {
  using enum ServiceState;
  for (const auto state : {stopped, start_pending, stop_pending, running, continue_pending,
                           pause_pending, paused, missing, denied, unknown}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

bool is_pending(ServiceState state) {
  return state == ServiceState::start_pending || state == ServiceState::stop_pending ||
         state == ServiceState::continue_pending || state == ServiceState::pause_pending;
}

std::string_view to_string(StartMode mode) {
  switch (mode) {
    case StartMode::unknown:
      return "Unknown";
    case StartMode::automatic:
      return "Automatic";
    case StartMode::automatic_delayed:
      return "Automatic (delayed start)";
    case StartMode::manual:
      return "Manual";
    case StartMode::disabled:
      return "Disabled";
    case StartMode::boot:
      return "Boot";
    case StartMode::system:
      return "System";
  }
  return "Unknown";
}

const ServiceDetails* find_details(const KnownDetails& known, const ServiceName& name) {
  const auto found = known.find(name);
  return found == known.end() ? nullptr : found->second.get();
}

bool is_per_user(const ServiceDetails& details) {
  constexpr std::uint32_t kUserServiceInstance = 0x80;  // SERVICE_USERSERVICE_INSTANCE, winnt.h
  return (details.type & kUserServiceInstance) != 0;
}

}  // namespace tocsin
