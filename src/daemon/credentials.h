// The accounts that hosts are asked with: how each logs in, and who hears that one is refused.
#pragma once

#include <functional>
#include <optional>

#include "base/random.h"
#include "config/config.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "domain/review.h"
#include "logins/logins.h"

namespace tocsin::daemon {

/// Of the account, among all logins.
[[nodiscard]] logins::Gate& gate_of(logins::Logins& logins, const config::Credentials& account,
                                    std::size_t peers_to_suspect);

/// "credential:monitoring", which takes a host's place in alerts.
[[nodiscard]] std::string credential_id(const config::Credentials& account);

/// Turns what is to be told of a login into alerts; of those that are no credential's, into lines
/// of the log.
class CredentialAlerts {
 public:
  /// What outlives it.
  struct Deps {
    Journal& journal;
    const Clock& clock;
    const Log& log;
    const RandomFill& random;
    /// As in Watcher::Rooms.
    std::function<std::optional<Suppression>(const HostName&, const ServiceName&, Time)> silence;
  };
  explicit CredentialAlerts(Deps deps) : deps_(std::move(deps)) {}

  /// Returns when it is stored.
  net::awaitable<void> notify(const logins::Gate& gate, logins::Notice notice);

 private:
  void log_destination(const logins::Gate& gate, bool refused) const;

  Deps deps_;
};

}  // namespace tocsin::daemon
