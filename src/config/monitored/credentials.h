// The accounts that hosts are asked with.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/names.h"
#include "base/words.h"

namespace tocsin::config {

enum class Authentication : std::uint8_t { negotiate, kerberos, ntlm };
consteval auto table_of(Authentication) {
  using enum Authentication;
  return std::array{Word{negotiate, "negotiate"}, Word{kerberos, "kerberos"}, Word{ntlm, "ntlm"}};
}

struct Credentials {
  std::string name;
  std::string username;  ///< DOMAIN\user, user@REALM or user; empty: as the keytab says
  Secret password;
  std::string password_file;  ///< read again before each login; empty: the password stays
  Authentication authentication = Authentication::negotiate;
  std::string realm;   ///< as it is written in `realm`; empty: as the user name or the host says
  std::string keytab;  ///< a path; empty: there is a password, or this process has a ticket

  /// Whether it is whatever Kerberos ticket this process has.
  [[nodiscard]] bool is_of_process() const { return username.empty() && keytab.empty(); }

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Shared by many hosts; equal where what they say is equal.
class SharedCredentials : public std::shared_ptr<const Credentials> {
 public:
  using shared_ptr::shared_ptr;
  // NOLINTNEXTLINE(google-explicit-constructor): it is such a pointer
  SharedCredentials(std::shared_ptr<const Credentials> credentials)
      : shared_ptr(std::move(credentials)) {}
  friend bool operator==(const SharedCredentials& a, const SharedCredentials& b) {
    return a.get() == b.get() || (a.get() != nullptr && b.get() != nullptr && *a == *b);
  }
};

}  // namespace tocsin::config
