// The rules by which changes become alerts: per set, host or service. Without any of them
// configured nothing is lost, and a host that restarts is one alert.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/words.h"

namespace tocsin {

/// How bad it is when something is wrong; a resolved alert has the severity of what it ends.
enum class AlertSeverity : std::uint8_t { info, warning, critical };

consteval auto table_of(AlertSeverity) {
  using enum AlertSeverity;
  return std::array{Word{info, "info"}, Word{warning, "warning"}, Word{critical, "critical"}};
}

/// A state that needs no alert.
enum class ExpectedState : std::uint8_t {
  running,
  stopped,
  paused,
  any,  ///< starts, stops and pauses stand in the history only
};

consteval auto table_of(ExpectedState) {
  using enum ExpectedState;
  return std::array{Word{running, "running"}, Word{stopped, "stopped"}, Word{paused, "paused"},
                    Word{any, "any"}};
}

/// The states that need no alert: at least one, and `any` by itself. Running where none is given.
class Expected {
 public:
  // NOLINTBEGIN(readability-identifier-naming): they are read like the values of a closed set
  static const Expected running;
  static const Expected stopped;  ///< running is what is wrong
  static const Expected any;
  // NOLINTEND(readability-identifier-naming)

  constexpr Expected() = default;
  /// Without duplicates; next to `any` the others say nothing.
  constexpr explicit Expected(std::span<const ExpectedState> states) {
    std::uint8_t bits = 0;
    for (const auto state : states) bits |= bit_of(state);
    if ((bits & bit_of(ExpectedState::any)) != 0) bits = bit_of(ExpectedState::any);
    if (bits != 0) bits_ = bits;
  }
  constexpr Expected(std::initializer_list<ExpectedState> states)
      : Expected(std::span(states.begin(), states.size())) {}

  [[nodiscard]] constexpr bool contains(ExpectedState state) const {
    return (bits_ & bit_of(state)) != 0;
  }
  /// In the order of the table.
  [[nodiscard]] std::vector<ExpectedState> states() const {
    std::vector<ExpectedState> all;
    for (const auto state : all_values<ExpectedState>())
      if (contains(state)) all.push_back(state);
    return all;
  }

  friend constexpr auto operator<=>(const Expected&, const Expected&) = default;

 private:
  static constexpr std::uint8_t bit_of(ExpectedState state) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(state));
  }

  std::uint8_t bits_ = bit_of(ExpectedState::running);
};

inline constexpr Expected Expected::running{ExpectedState::running};
inline constexpr Expected Expected::stopped{ExpectedState::stopped};
inline constexpr Expected Expected::any{ExpectedState::any};

/// A bad state is notified when it has lasted for both.
struct Grace {
  unsigned checks = 1;  ///< that must see it, the first one included
  Duration time{};

  friend auto operator<=>(const Grace&, const Grace&) = default;
};

/// A service flaps when it has changed `start` times within `window`, and has settled when it has
/// changed at most `stop` times within it. While it flaps, a bad state is notified once: when it
/// has lasted for `bad_for`.
struct FlapLimits {
  unsigned start = 8;  ///< 0: flapping is not detected
  unsigned stop = 1;
  Duration window = std::chrono::minutes(10);
  Duration bad_for = std::chrono::minutes(1);

  friend auto operator<=>(const FlapLimits&, const FlapLimits&) = default;
};

/// What a stop means for a service that is started by events, and ends when its work is done.
enum class TriggerStart : std::uint8_t {
  by_name,  ///< an alert where the service was named in full, not where a pattern found it
  exempt,
  told,
};

consteval auto table_of(TriggerStart) {
  using enum TriggerStart;
  return std::array{Word{by_name, "byName"}, Word{exempt, "exempt"}, Word{told, "told"}};
}

/// Whose bad state is an alert when the service is first seen.
enum class FirstSight : std::uint8_t {
  by_name,  ///< of services that were named in full
  told,     ///< of those that Windows starts by itself besides, which a pattern found
  quiet,    ///< of none: the state is what later ones are compared with
};

consteval auto table_of(FirstSight) {
  using enum FirstSight;
  return std::array{Word{by_name, "byName"}, Word{told, "told"}, Word{quiet, "quiet"}};
}

/// What recovery does to a service.
enum class RecoveryAction : std::uint8_t {
  start,
  restart,  ///< stops it first, where it does not respond
};

consteval auto table_of(RecoveryAction) {
  using enum RecoveryAction;
  return std::array{Word{start, "start"}, Word{restart, "restart"}};
}

/// Of which services recovery takes care.
enum class RecoverWhen : std::uint8_t { stopped, stuck };

consteval auto table_of(RecoverWhen) {
  using enum RecoverWhen;
  return std::array{Word{stopped, "stopped"}, Word{stuck, "stuck"}};
}

/// So that both may be meant.
struct RecoveryCauses {
  bool stopped = true;
  bool stuck = false;

  [[nodiscard]] constexpr bool contains(RecoverWhen cause) const {
    return cause == RecoverWhen::stopped ? stopped : stuck;
  }

  friend auto operator<=>(const RecoveryCauses&, const RecoveryCauses&) = default;
};

inline constexpr std::array kRecoveryWaits{Duration(std::chrono::seconds(10)),
                                           Duration(std::chrono::minutes(1)),
                                           Duration(std::chrono::minutes(5))};

/// Whether tocsin itself starts a service again, and how often it tries. Alerts never wait for it.
struct RecoveryPolicy {
  bool enabled = false;
  RecoveryAction action = RecoveryAction::start;
  unsigned attempts = 3;  ///< until it has run for `reset_after`
  /// Before each attempt; the last one also before all that follow. Empty: kRecoveryWaits.
  std::vector<Duration> waits;
  RecoveryCauses when;
  bool clean_exit = false;  ///< a stop with exit code 0 counts too
  Duration reset_after = std::chrono::hours(1);

  friend auto operator<=>(const RecoveryPolicy&, const RecoveryPolicy&) = default;
};

struct Policy {
  /// A pending service is stuck when it has made no progress for its own wait hint, and at least
  /// for this long.
  Duration pending_limit = std::chrono::seconds(30);
  Expected expected = Expected::running;
  Grace grace;
  /// Delays alerts about bad states after the host has come back.
  Duration boot_grace = std::chrono::minutes(3);
  /// The same for services of delayed start, which Windows starts two minutes late, one by one.
  Duration delayed_start_grace = std::chrono::minutes(6);
  TriggerStart trigger_start = TriggerStart::by_name;
  /// Stops with these exit codes are a normal end.
  std::vector<std::uint32_t> quiet_exit_codes;
  FlapLimits flapping;
  FirstSight first_sight = FirstSight::by_name;
  AlertSeverity severity = AlertSeverity::critical;
  /// How often a reminder is sent while the state stays bad; 0: never.
  Duration repeat_every{};
  RecoveryPolicy recovery;

  friend auto operator<=>(const Policy&, const Policy&) = default;
};

/// The same for a host as a whole.
struct HostPolicy {
  /// An unreachable host is notified once both limits have passed.
  Grace grace;
  /// When at least three services, and a quarter of those that ran, stop or begin to in one check,
  /// firing alerts of the host's services wait for so long. 0: they do not.
  Duration storm_wait{};
  AlertSeverity severity = AlertSeverity::critical;
  Duration repeat_every{};

  friend bool operator==(const HostPolicy&, const HostPolicy&) = default;
};

}  // namespace tocsin
