// Who logs in to one host, and what was learned of it on the way.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "config/monitored/host.h"
#include "kerberos/account.h"
#include "kerberos/library.h"
#include "logins/gate.h"
#include "logins/guard.h"
#include "net/async.h"
#include "probe/smb/login_choice.h"
#include "probe/smb/smb_probe.h"
#include "wire/authentication.h"

namespace tocsin::probe {

/// Outlives the sessions, and those who log in.
class SmbLogin {
 public:
  struct Deps {
    const config::Host& host;
    const SmbProbeOptions& options;
    const RandomFill& random;
    const Clock& clock;
  };
  explicit SmbLogin(Deps deps) : deps_(deps) {}
  SmbLogin(const SmbLogin&) = delete;
  SmbLogin& operator=(const SmbLogin&) = delete;

  /// Whether the next login wants to know what the host calls itself; then answer_names() before.
  [[nodiscard]] bool needs_names() const;
  void answer_names(ntlm::HostNames names) { names_ = std::move(names); }

  /// For one login. login_refused: the KDC refused the account; denied: Kerberos does not work here
  /// and NTLM is not wanted; exhausted.
  net::awaitable<Result<std::unique_ptr<wire::Initiator>>> initiator(net::Deadline deadline);
  /// The same at once, for a session that has expired. Null: a ticket would have to be asked for,
  /// and the next session does that.
  [[nodiscard]] std::unique_ptr<wire::Initiator> renewed_initiator() const;
  /// Whether the ticket of the session is to be replaced: half of its life is nearly over.
  [[nodiscard]] bool is_ageing() const;
  /// For a login with a fresh one, before the host ends the session. Null: there is none now.
  net::awaitable<std::unique_ptr<wire::Initiator>> fresh_initiator(net::Deadline deadline);
  /// How the login ended that the initiator was for, in words that fit.
  [[nodiscard]] Error explain(Error error);
  /// Whose fault the refusal is.
  [[nodiscard]] logins::Blame blame_of(const Error& error) const;

  /// Whether the last login has failed for what the host says to the ticket, which is no word about
  /// the password, and the next one is by NTLM.
  [[nodiscard]] bool tries_ntlm_next() const;

  /// Whether now is a time to log in; with the gate's pass, where there is one.
  [[nodiscard]] bool may_log_in(std::optional<logins::Pass>& pass) const;

  /// Gets the account's ticket anew before it is old.
  net::awaitable<void> renew_ticket(net::Deadline deadline);

  /// "Kerberos" or "NTLM", of the last login.
  [[nodiscard]] std::string way() const;
  /// "ticket for cifs/node1 aes256-cts-hmac-sha1-96, session key aes128-cts-hmac-sha1-96", of a
  /// login by Kerberos; empty: there is none, or the library does not tell.
  [[nodiscard]] std::string ticket() const;
  /// Why it is not Kerberos, where people should know; each reason once.
  [[nodiscard]] std::string take_notice();

 private:
  class Chooser;

  [[nodiscard]] LoginFacts facts() const;
  [[nodiscard]] Secret secret() const;
  [[nodiscard]] std::optional<kerberos::Account> account() const;
  [[nodiscard]] std::string service() const;
  [[nodiscard]] std::unique_ptr<wire::Initiator> ntlm_initiator() const;
  [[nodiscard]] Error refusal() const;
  void settle(LoginChoice choice);
  void note(kerberos::ServiceTicket ticket);

  Deps deps_;
  std::optional<ntlm::HostNames> names_;
  LoginChoice choice_;
  std::optional<kerberos::Failure> failure_;  ///< of this login
  kerberos::ServiceTicket ticket_;            ///< of the last login by Kerberos
  net::Deadline ages_at_ = net::Deadline::max();
  std::string refused_;  ///< why the host refuses tickets
  net::Deadline refused_until_{};
  std::string notice_;
  std::string noticed_;
};

}  // namespace tocsin::probe
