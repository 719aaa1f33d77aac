// Kerberos or NTLM: which one a login to a host uses, and why. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/names.h"
#include "config/monitored/host.h"
#include "kerberos/account.h"
#include "wire/ntlm/ntlm.h"

namespace tocsin::probe {

/// What the host is called for Kerberos, in \\name\IPC$ and in the negotiation: `serverName`, else
/// the address, as numbers without brackets and %zone.
[[nodiscard]] std::string server_name_of(const config::Host& host);

/// Whether the realm of the account is the domain of the host, which only the host tells.
[[nodiscard]] bool needs_host_names(const config::Credentials& credentials);
/// The account as Kerberos knows it; nothing: it has no realm. For DOMAIN\user that is the DNS
/// domain of `host`, where that is in DOMAIN: to none other does the host lead us with a secret.
[[nodiscard]] std::optional<kerberos::Account> find_kerberos_account(
    const config::Credentials& credentials, const Secret& secret,
    const std::optional<ntlm::HostNames>& host);

/// What is known when a login begins, or after Kerberos was tried.
struct LoginFacts {
  config::Authentication wish = config::Authentication::negotiate;
  bool has_password = true;  ///< NTLM has no use for keytabs and tickets
  bool has_realm = false;
  bool is_address = false;      ///< the host goes by numbers
  bool offers_kerberos = true;  ///< the host, as far as it has said so
  bool offers_ntlm = true;
  std::optional<kerberos::Failure> failure{};  ///< of Kerberos
  std::string refused{};  ///< why the host has refused a ticket lately; empty: it has not
};

enum class LoginWay : std::uint8_t { kerberos, ntlm, none };
struct LoginChoice {
  LoginWay way = LoginWay::none;
  std::string why{};        ///< not for Kerberos: what speaks against it
  bool is_notable = false;  ///< people should know why
};
[[nodiscard]] LoginChoice choose_login(const LoginFacts& facts);

}  // namespace tocsin::probe
