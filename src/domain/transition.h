// What happens to a service or a host, by the names that history, API and metrics use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/words.h"
#include "domain/policy.h"
#include "domain/service.h"

namespace tocsin {

/// Everything that becomes an alert; the table below says what each is.
enum class TransitionKind : std::uint8_t {
  started,
  stopped,
  paused,
  overrun,
  restarted,
  vanished,
  stuck,
  denied,
  visible,
  flapping,
  steady,
  unreachable,
  reachable,
  rebooted,
  refused,
  accepted,
  unmonitored,
  other,
};

enum class About : std::uint8_t { service, host, credential };

consteval auto table_of(About) {
  using enum About;
  return std::array{Word{service, "service"}, Word{host, "host"}, Word{credential, "credential"}};
}

/// Whether something holds for each alert of a kind, or depends on the state after it.
enum class Verdict : std::uint8_t { no, yes, by_state };

/// How a kind looks at first sight, for colours.
enum class Tone : std::uint8_t { good, notable, bad, blind };

/// All that is known of a kind.
struct KindRow {
  TransitionKind value;
  std::string_view word;     ///< in the history, the API, metrics and messages
  std::string_view event;    ///< what has happened, after the name: "has stopped"
  std::string_view meaning;  ///< a sentence
  About about;
  ServiceState leads_to;  ///< the usual state after it; of hosts and credentials: unknown
  Verdict is_good;        ///< something bad has ended
  Verdict ends_well;      ///< all is well after it: the alert is resolved
  Tone tone;
  bool routable = true;    ///< routes may ask for it; any other goes where the alert before it went
  bool in_butler = false;  ///< Butler alerts about it too
  /// In place of a service's state where one is given: after it, and before it. Hosts and
  /// credentials have no other.
  std::string_view status{};
  std::string_view previous_status{};
  std::string_view reason{};  ///< where nothing else is known; empty: not needed
};

consteval auto table_of(TransitionKind) {
  using enum TransitionKind;
  using enum About;
  using enum Verdict;
  return std::array{
      KindRow{started, "started", "has started", "It runs, and did not before.", service,
              ServiceState::running, by_state, by_state, Tone::good, true, true},
      KindRow{stopped, "stopped", "has stopped", "It is stopped, and was not before.", service,
              ServiceState::stopped, by_state, by_state, Tone::bad, true, true},
      KindRow{paused, "paused", "is paused", "It is paused, and was not before.", service,
              ServiceState::paused, by_state, by_state, Tone::notable},
      KindRow{overrun, "overrun", "runs more often than allowed",
              "More hosts of a service cluster run it than may.", service, ServiceState::overrun,
              no, no, Tone::bad},
      KindRow{restarted, "restarted", "has restarted", "It ran and runs, in another process.",
              service, ServiceState::running, no, by_state, Tone::notable, true, false, "", "",
              "its process is another one"},
      KindRow{vanished, "vanished", "has vanished", "It was there and has been uninstalled.",
              service, ServiceState::missing, no, no, Tone::bad, true, false, "", "",
              "it is no longer installed"},
      KindRow{stuck, "stuck", "is stuck",
              "It starts, stops or pauses for longer than it said it would need, and at least 30 "
              "seconds.",
              service, ServiceState::start_pending, no, no, Tone::bad, true, false, "", "",
              "it makes no progress"},
      KindRow{denied, "denied", "can no longer be seen",
              "The host no longer lets the account ask for it.", service, ServiceState::denied, no,
              no, Tone::blind, true, false, "", "", "the host does not let the account ask for it"},
      KindRow{visible, "visible", "can be seen again",
              "The host lets the account ask for it again, and nothing changed meanwhile.", service,
              ServiceState::running, yes, by_state, Tone::good, false, false, "", "",
              "the host lets the account ask for it again"},
      KindRow{flapping, "flapping", "is flapping", "It changes too often to notify each change.",
              service, ServiceState::stopped, no, no, Tone::notable, true, false, "FLAPPING"},
      KindRow{steady, "steady", "has settled", "It flaps no more, and is in this state now.",
              service, ServiceState::running, by_state, by_state, Tone::good, false, false, "",
              "FLAPPING"},
      KindRow{unreachable, "unreachable", "can no longer be reached", "The host cannot be asked.",
              host, ServiceState::unknown, no, no, Tone::blind, true, false, "UNREACHABLE",
              "REACHABLE"},
      KindRow{reachable, "reachable", "can be reached again", "The host can be asked again.", host,
              ServiceState::unknown, yes, yes, Tone::good, false, false, "REACHABLE",
              "UNREACHABLE"},
      KindRow{rebooted, "rebooted", "was restarted",
              "The host has restarted, and no check found it away.", host, ServiceState::unknown,
              no, yes, Tone::notable, true, false, "REBOOTED", "REACHABLE"},
      KindRow{refused, "refused", "is refused", "Hosts refuse the credential.", credential,
              ServiceState::unknown, no, no, Tone::blind, true, false, "REFUSED", "ACCEPTED"},
      KindRow{accepted, "accepted", "is accepted again", "Hosts let the credential in again.",
              credential, ServiceState::unknown, yes, yes, Tone::good, false, false, "ACCEPTED",
              "REFUSED"},
      KindRow{unmonitored, "unmonitored", "is no longer monitored",
              "It has left the configuration, or is expected to be as it is, while an alert fired.",
              service, ServiceState::unknown, yes, yes, Tone::good, false, false, "UNMONITORED"},
      KindRow{other, "other", "has changed",
              "Another version of tocsin has stored it; its own word stands in its place.", service,
              ServiceState::unknown, by_state, by_state, Tone::notable, false},
  };
}

struct Transition {
  TransitionKind kind;
  ServiceState from;  ///< what alerts said before
  Time from_since{};  ///< since when
  ServiceState to;
  std::string reason;  ///< one sentence for a person; empty where kind, from and to say it all
};

/// The kind of a transition that leads to a settled state.
[[nodiscard]] TransitionKind kind_of_settled(ServiceState settled);

/// Whether it leads from one settled state, or process, to another.
[[nodiscard]] bool is_change_of_state(TransitionKind kind);

/// "exit code 1067" of a service that has stopped with one; empty where that says nothing.
[[nodiscard]] std::string exit_reason(const ServiceStatus& seen);
/// The same of a service that is in this state when first seen.
[[nodiscard]] std::string first_sight_reason(const ServiceStatus& seen);
/// Its exit code; the service's own one where it has given one.
[[nodiscard]] std::uint32_t exit_code(const ServiceStatus& seen);

/// Whether the state is what the policy expects.
[[nodiscard]] bool is_expected(ServiceState settled, const Expected& expected);
/// Whether it says that something bad has ended.
[[nodiscard]] bool is_good(const Transition& transition, const Expected& expected);

/// Whether all is well after it.
[[nodiscard]] bool ends_well(TransitionKind kind, ServiceState to, const Expected& expected);

/// Both, with a comma where neither is empty.
[[nodiscard]] std::string join_reasons(std::string first, const std::string& second);

}  // namespace tocsin
