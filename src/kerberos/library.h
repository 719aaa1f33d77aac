// Kerberos as this machine has it: MIT's library, or SSPI on Windows. Everything here blocks, and
// may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "kerberos/account.h"
#include "kerberos/trail.h"
#include "wire/spnego/negotiation.h"

namespace tocsin::kerberos {

/// A ticket-granting ticket (TGT), by which tickets for services are asked for. It keeps those of
/// the services too. Immutable for its users; may be used by several threads.
class Ticket {
 public:
  Ticket(std::string principal, Duration lifetime)
      : principal_(std::move(principal)), lifetime_(lifetime) {}
  virtual ~Ticket() = default;
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  /// "svc-tocsin@CORP.EXAMPLE"
  [[nodiscard]] const std::string& principal() const { return principal_; }
  /// From the moment when it was got.
  [[nodiscard]] Duration lifetime() const { return lifetime_; }

 private:
  std::string principal_;
  Duration lifetime_;
};

/// What a ticket for a service says of itself.
struct ServiceTicket {
  /// By which it is encrypted, with the service's key: "aes256-cts-hmac-sha1-96". Empty: the
  /// library does not tell.
  std::string encryption{};
  std::string key_encryption{};        ///< the same of the session key in it
  std::optional<Duration> lifetime{};  ///< from now on; nothing: the library does not tell
};

/// A client of a service, for one login: its first token is ready, and its other steps only
/// compute. The session key is an AES key.
struct Client {
  std::unique_ptr<spnego::Mechanism> mechanism;
  ServiceTicket ticket{};
};

/// Which tickets for a service do: any that is valid, or one whose life has just begun, where the
/// KDC gives such a one.
enum class Freshness : std::uint8_t { any, fresh };

class Library {
 public:
  virtual ~Library() = default;
  /// At most one logon that counts: pre-authentication is tried once.
  virtual Outcome<std::shared_ptr<const Ticket>> log_in(const Account& account, Trail& trail) = 0;
  /// A client of the service, e.g. "cifs/node1.corp.example".
  virtual Outcome<Client> initiate(const Ticket& ticket, const std::string& service,
                                   Freshness freshness, Trail& trail) = 0;
};

[[nodiscard]] std::shared_ptr<Library> this_library();

/// Whether this process has tickets, or a keytab to get some, without any configuration. Asks
/// nobody.
[[nodiscard]] bool has_process_ticket();

}  // namespace tocsin::kerberos
