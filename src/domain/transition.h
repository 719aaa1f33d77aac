// What happens to a service or a host, by the names that history, API and metrics use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/policy.h"
#include "domain/service.h"

namespace tocsin {

/// Everything worth an alert. The names stand in the history, the API and the metrics.
enum class TransitionKind : std::uint8_t {
  started,      ///< runs now; did not before
  stopped,      ///< is stopped now; was not before
  paused,       ///< is paused now; was not before
  restarted,    ///< ran and runs, in another process
  vanished,     ///< was there and is not any more
  stuck,        ///< pending for longer than it said it would take
  denied,       ///< the host no longer lets us query it
  visible,      ///< the host lets us query it again, and nothing changed meanwhile
  flapping,     ///< changes so often that single changes are not notified any more
  steady,       ///< flaps no more, and is in this state now
  unreachable,  ///< of a host: it can no longer be checked
  reachable,    ///< of a host: it can be checked again
  rebooted,     ///< of a host: it was restarted, between two checks
  refused,      ///< of a credential: hosts do not let it in
  accepted,     ///< of a credential: it is let in again
};

[[nodiscard]] std::string_view to_string(TransitionKind kind);
/// The inverse; nothing for a text that names no kind.
[[nodiscard]] std::optional<TransitionKind> parse_transition_kind(std::string_view text);

struct Transition {
  TransitionKind kind;
  ServiceState from;  ///< what alerts said before
  Time from_since{};  ///< since when
  ServiceState to;
  std::string reason;  ///< one sentence for a person; empty where kind, from and to say it all
};

/// The kind of a transition that leads to a settled state.
[[nodiscard]] TransitionKind kind_of_settled(ServiceState settled);

/// "exit code 1067" of a service that has stopped with one; empty where that says nothing.
[[nodiscard]] std::string exit_reason(const ServiceStatus& seen);
/// Its exit code; the service's own one where it has given one.
[[nodiscard]] std::uint32_t exit_code(const ServiceStatus& seen);

/// Whether the state is what the policy expects.
[[nodiscard]] bool is_expected(ServiceState settled, Expected expected);
/// Whether it says that something bad has ended.
[[nodiscard]] bool is_good(const Transition& transition, Expected expected);

/// Whether all is well after it.
[[nodiscard]] bool ends_well(TransitionKind kind, ServiceState to, Expected expected);

/// Both, with a comma where neither is empty.
[[nodiscard]] std::string join_reasons(std::string first, const std::string& second);

}  // namespace tocsin
