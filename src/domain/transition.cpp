#include "domain/transition.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kServiceSpecificError = 1066;  // ERROR_SERVICE_SPECIFIC_ERROR
constexpr std::uint32_t kNeverStarted = 1077;          // ERROR_SERVICE_NEVER_STARTED

}  // namespace

TransitionKind kind_of_settled(ServiceState settled) {
  switch (settled) {
    case ServiceState::running:
      return TransitionKind::started;
    case ServiceState::paused:
      return TransitionKind::paused;
    case ServiceState::missing:
      return TransitionKind::vanished;
    case ServiceState::overrun:
      return TransitionKind::overrun;
    default:
      return TransitionKind::stopped;
  }
}

bool is_change_of_state(TransitionKind kind) {
  using enum TransitionKind;
  return kind == started || kind == stopped || kind == paused || kind == overrun ||
         kind == restarted || kind == vanished;
}

std::string exit_reason(const ServiceStatus& seen) {
  if (seen.state != ServiceState::stopped) return {};
  if (seen.exit_code == 0 || seen.exit_code == kNeverStarted) return {};
  if (seen.exit_code == kServiceSpecificError)
    return "service-specific exit code " + std::to_string(seen.service_exit_code);
  return "exit code " + std::to_string(seen.exit_code);
}

std::string first_sight_reason(const ServiceStatus& seen) {
  return seen.state == ServiceState::missing ? "is not installed" : exit_reason(seen);
}

std::uint32_t exit_code(const ServiceStatus& seen) {
  return seen.exit_code == kServiceSpecificError ? seen.service_exit_code : seen.exit_code;
}

bool is_expected(ServiceState settled, const Expected& expected) {
  if (settled == ServiceState::unknown) return true;
  if (settled == ServiceState::missing) return false;
  if (expected.contains(ExpectedState::any)) return true;
  switch (settled) {
    case ServiceState::running:
      return expected.contains(ExpectedState::running);
    case ServiceState::stopped:
      return expected.contains(ExpectedState::stopped);
    case ServiceState::paused:
      return expected.contains(ExpectedState::paused);
    default:
      return false;
  }
}

bool is_good(const Transition& transition, const Expected& expected) {
  const auto good = row_of(transition.kind).is_good;
  return good == Verdict::by_state ? is_expected(transition.to, expected) : good == Verdict::yes;
}

bool ends_well(TransitionKind kind, ServiceState to, const Expected& expected) {
  const auto well = row_of(kind).ends_well;
  if (well != Verdict::by_state) return well == Verdict::yes;
  return to != ServiceState::unknown && is_expected(to, expected);
}

std::string join_reasons(std::string first, const std::string& second) {
  if (first.empty()) return second;
  if (!second.empty()) first += ", " + second;
  return first;
}

}  // namespace tocsin
