// What is wrong, or right again: a transition with everything that a notification may say about it.
#pragma once

#include <string>
#include <vector>

#include "domain/decide.h"

namespace tocsin {

/// Complete in itself, because it is stored and may be sent long after the host changed again.
struct Alert {
  AlertId id;
  Time at{};
  TransitionKind kind{};
  std::string other_kind;  ///< the word of TransitionKind::other
  HostName host;
  ServiceName service;  ///< as configured or, for patterns, as the host spells it
  std::string friendly_name;
  ServiceDetails details;
  ServiceStatus status;
  ServiceState from{};
  ServiceState to{};
  Time previous_since{};  ///< since when the service was in the state before
  std::string reason;
  Expected expected = Expected::running;
  AlertSeverity severity = AlertSeverity::critical;
  std::string set;  ///< the service set that it was watched by; empty: none
  ServiceName
      root_cause;  ///< the service that this one needs, and that stopped before; empty: none
  std::string suppressed;      ///< the reason why it is history only; empty: it is notified
  std::uint32_t reminder = 0;  ///< the n-th reminder; 0: the alert itself
  bool across_hosts = false;   ///< grouped with such alerts of all hosts, not with its host's own
  bool for_notified = false;   ///< only for those who were notified of what it ends
  bool over_already =
      false;             ///< what it ends was over before anybody was notified of it: nothing fires
  bool pushed = false;   ///< reported by the host itself: more may follow at once; not stored
  bool goes_on = false;  ///< an alert fires that it repeats, changes or ends; not stored
  /// What tocsin has done to get the service running again, which `reason` says too; empty:
  /// nothing.
  std::string recovery;
  std::string notice;  ///< what a message says before all else; empty: nothing
};

/// Whether it is resolved. Every other alert is firing, and is notified like a service that
/// stopped.
[[nodiscard]] inline bool is_resolved(const Alert& alert) {
  return ends_well(alert.kind, alert.to, alert.expected);
}

/// Whether it is about a host as a whole, and not about one of its services.
[[nodiscard]] inline bool is_about_host(const Alert& alert) { return alert.service.empty(); }

/// The word of its kind, also of one that another version of tocsin has stored.
[[nodiscard]] inline std::string_view kind_word(const Alert& alert) {
  return alert.other_kind.empty() ? to_string(alert.kind) : alert.other_kind;
}

/// "credential:monitoring": the name of a credential, which stands in the place of a host's.
constexpr std::string_view kCredentialPrefix = "credential:";

/// Whether it is about a credential. The kinds that credentials share with others tell by the name.
[[nodiscard]] inline bool is_about_credential(const Alert& alert) {
  const auto about = row_of(alert.kind).about;
  return about == About::credential || (about == About::service && is_about_host(alert) &&
                                        alert.host.text().starts_with(kCredentialPrefix));
}

/// The service's display name; its key name where that is not known. Of a host: its name.
[[nodiscard]] inline const std::string& display_name(const Alert& alert) {
  if (is_about_host(alert)) return alert.host.text();
  return alert.details.display_name.empty() ? alert.service.text() : alert.details.display_name;
}

/// What people call it: the friendly name of the service, where it has one.
[[nodiscard]] inline const std::string& name_for_people(const Alert& alert) {
  return alert.friendly_name.empty() ? display_name(alert) : alert.friendly_name;
}

}  // namespace tocsin
