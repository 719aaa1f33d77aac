// The accounts that hosts are asked with: how each logs in, and the alerts about those refused.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "config/monitored/credentials.h"
#include "config/monitored/host.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/silences.h"
#include "domain/suppression.h"
#include "logins/logins.h"

namespace tocsin::daemon {

/// The gate of the account.
[[nodiscard]] logins::Gate& gate_of(logins::Logins& logins, const config::Credentials& account,
                                    std::size_t peers_to_suspect);

/// The subject of lines about the login: "credential monitoring", `login "x" at https://host`.
[[nodiscard]] std::string subject_of(const logins::Gate& gate);

/// For the log at level debug: each step of each login, under the host that it is for; empty at
/// other levels. `log` outlives it.
[[nodiscard]] decltype(logins::Logins::Deps::on_step) step_log(const Log& log);

/// "credential:monitoring", which takes a host's place in alerts.
[[nodiscard]] std::string credential_id(const config::Credentials& account);

/// Whether it is a credential whose alert fires, also where a silence has kept it from people.
[[nodiscard]] bool is_firing_credential(const logins::StoredLogin& record);

/// The same of one that is used now.
[[nodiscard]] bool is_firing_credential(const logins::Gate& gate);

/// Ends the alerts of the credentials that none of the hosts uses.
void retire_unused(logins::Logins& logins, const std::vector<config::Host>& hosts);

/// Turns what happened to a login into alerts about a credential, or into lines of the log where it
/// is a destination's.
class CredentialAlerts {
 public:
  /// What outlives it.
  struct Deps {
    Journal& journal;
    const Clock& clock;
    const Log& log;
    const RandomFill& random;
    const Silences& silences;
  };
  explicit CredentialAlerts(const Deps& deps) : deps_(deps) {}

  /// Returns when it is stored.
  net::awaitable<void> notify(const logins::Gate& gate, logins::Notice notice);
  /// An earlier run has suppressed the alert of this credential, which fires still.
  void remember_suppressed(logins::LoginId id) { suppressed_.insert(std::move(id)); }
  /// Notifies what was suppressed and fires when nothing suppresses it any more, until it is
  /// cancelled.
  net::awaitable<void> run(const logins::Logins& logins);

 private:
  void log_destination(const logins::Gate& gate, bool refused) const;
  [[nodiscard]] bool is_silenced(const logins::LoginId& id) const;

  Deps deps_;
  std::set<logins::LoginId> suppressed_;
};

}  // namespace tocsin::daemon
