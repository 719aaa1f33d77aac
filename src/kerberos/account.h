// Who logs in by Kerberos, and why that may fail.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/words.h"

namespace tocsin::kerberos {

/// What proves who we are.
enum class Proof : std::uint8_t {
  password,
  keytab,
  process,  ///< what this process has: its credential cache, or the keytab for clients
};

struct Account {
  Proof proof = Proof::process;
  std::string user;   ///< without the realm; one with an @ is an enterprise name (RFC 6806, 5)
  std::string realm;  ///< empty: as the keytab says
  Secret password;
  std::string keytab;  ///< a path

  friend bool operator==(const Account&, const Account&) = default;
};

enum class Obstacle : std::uint8_t {
  no_kdc,           ///< no domain controller of the realm was reached
  no_ticket,        ///< the process has none, nor a keytab that could get one
  secret,           ///< password or key are wrong: a logon that counts
  account,          ///< locked, disabled or expired
  unknown_user,     ///< the realm has no such account
  unknown_service,  ///< the realm has no such service: nobody is called that
  clock,            ///< the clocks differ too much
  encryption,       ///< no AES key on one of the sides
  other,            ///< what else the KDC or the library said
  lack,             ///< this machine has no thread for it
};

struct ObstacleRow {
  Obstacle value;
  std::string_view word;
  /// Whether NTLM may be tried after it. Not where a logon was counted, or would be in vain.
  bool leaves_ntlm;
};

consteval auto table_of(Obstacle) {
  using enum Obstacle;
  return std::array{ObstacleRow{no_kdc, "no KDC", true},
                    ObstacleRow{no_ticket, "no ticket", true},
                    ObstacleRow{secret, "secret", false},
                    ObstacleRow{account, "account", false},
                    ObstacleRow{unknown_user, "unknown user", true},
                    ObstacleRow{unknown_service, "unknown service", true},
                    ObstacleRow{clock, "clock", true},
                    ObstacleRow{encryption, "encryption", true},
                    ObstacleRow{other, "other", true},
                    ObstacleRow{lack, "lack", false}};
}

struct Failure {
  Obstacle obstacle = Obstacle::other;
  std::string what;  ///< one sentence for a person, without a final stop, never a secret
  std::optional<std::uint32_t> native = {};  ///< the code of krb5 or SSPI

  friend bool operator==(const Failure&, const Failure&) = default;
};

template <typename T>
using Outcome = std::expected<T, Failure>;

}  // namespace tocsin::kerberos
