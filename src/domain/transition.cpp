#include "domain/transition.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kServiceSpecificError = 1066;  // ERROR_SERVICE_SPECIFIC_ERROR
constexpr std::uint32_t kNeverStarted = 1077;          // ERROR_SERVICE_NEVER_STARTED

}  // namespace

std::string_view to_string(TransitionKind kind) {
  switch (kind) {
    case TransitionKind::started:
      return "started";
    case TransitionKind::stopped:
      return "stopped";
    case TransitionKind::paused:
      return "paused";
    case TransitionKind::restarted:
      return "restarted";
    case TransitionKind::vanished:
      return "vanished";
    case TransitionKind::stuck:
      return "stuck";
    case TransitionKind::denied:
      return "denied";
    case TransitionKind::visible:
      return "visible";
    case TransitionKind::flapping:
      return "flapping";
    case TransitionKind::steady:
      return "steady";
    case TransitionKind::unreachable:
      return "unreachable";
    case TransitionKind::reachable:
      return "reachable";
    case TransitionKind::rebooted:
      return "rebooted";
    case TransitionKind::refused:
      return "refused";
    case TransitionKind::accepted:
      return "accepted";
  }
  return "unknown";
}

std::optional<TransitionKind> parse_transition_kind(std::string_view text) {
  using enum TransitionKind;
  for (const auto kind : {started, stopped, paused, restarted, vanished, stuck, denied, visible,
                          flapping, steady, unreachable, reachable, rebooted, refused, accepted}) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

TransitionKind kind_of_settled(ServiceState settled) {
  switch (settled) {
    case ServiceState::running:
      return TransitionKind::started;
    case ServiceState::paused:
      return TransitionKind::paused;
    case ServiceState::missing:
      return TransitionKind::vanished;
    default:
      return TransitionKind::stopped;
  }
}

std::string exit_reason(const ServiceStatus& seen) {
  if (seen.state != ServiceState::stopped) return {};
  if (seen.exit_code == 0 || seen.exit_code == kNeverStarted) return {};
  if (seen.exit_code == kServiceSpecificError)
    return "service-specific exit code " + std::to_string(seen.service_exit_code);
  return "exit code " + std::to_string(seen.exit_code);
}

std::uint32_t exit_code(const ServiceStatus& seen) {
  return seen.exit_code == kServiceSpecificError ? seen.service_exit_code : seen.exit_code;
}

bool is_expected(ServiceState settled, Expected expected) {
  switch (expected) {
    case Expected::running:
      return settled == ServiceState::running || settled == ServiceState::unknown;
    case Expected::stopped:
      return settled == ServiceState::stopped || settled == ServiceState::unknown;
    case Expected::any:
      return settled != ServiceState::missing;
  }
  return false;
}

bool is_good(const Transition& transition, Expected expected) {
  switch (transition.kind) {
    case TransitionKind::started:
    case TransitionKind::stopped:
    case TransitionKind::paused:
    case TransitionKind::steady:
      return is_expected(transition.to, expected);
    case TransitionKind::visible:
    case TransitionKind::reachable:
    case TransitionKind::accepted:
      return true;
    case TransitionKind::restarted:
    case TransitionKind::vanished:
    case TransitionKind::stuck:
    case TransitionKind::denied:
    case TransitionKind::flapping:
    case TransitionKind::unreachable:
    case TransitionKind::rebooted:
    case TransitionKind::refused:
      return false;
  }
  return false;
}

bool ends_well(TransitionKind kind, ServiceState to, Expected expected) {
  switch (kind) {
    case TransitionKind::reachable:
    case TransitionKind::rebooted:
    case TransitionKind::accepted:
      return true;
    case TransitionKind::vanished:
    case TransitionKind::stuck:
    case TransitionKind::denied:
    case TransitionKind::flapping:
    case TransitionKind::unreachable:
    case TransitionKind::refused:
      return false;
    case TransitionKind::started:
    case TransitionKind::stopped:
    case TransitionKind::paused:
    case TransitionKind::restarted:
    case TransitionKind::visible:
    case TransitionKind::steady:
      return to != ServiceState::unknown && is_expected(to, expected);
  }
  return false;
}

std::string join_reasons(std::string first, const std::string& second) {
  if (first.empty()) return second;
  if (!second.empty()) first += ", " + second;
  return first;
}

}  // namespace tocsin
