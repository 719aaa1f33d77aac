#include "probe/smb/login_choice.h"

#include <utility>

#include "base/text.h"
#include "net/resolver.h"

namespace tocsin::probe {
namespace {

using config::Authentication;

/// A DNS name with at least two labels: what else a host may say is no realm.
bool is_domain(const std::string& name) {
  constexpr std::size_t kLongest = 253;
  constexpr const char* kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return name.size() <= kLongest && name.contains('.') && !name.contains("..") &&
         !name.starts_with('.') && !name.ends_with('.') &&
         name.find_first_not_of(kLetters) == std::string::npos;
}

/// The realm of DOMAIN\user; empty: it is not known.
std::string realm_of_domain(const std::string& domain, const std::optional<ntlm::HostNames>& host) {
  if (domain.contains('.') && is_domain(domain)) return fold_case(domain);
  if (!host || domain.empty()) return {};
  const bool is_member = fold_case(host->domain) == fold_case(domain) &&
                         fold_case(host->domain) != fold_case(host->computer);
  return is_member && is_domain(host->dns_domain) ? fold_case(host->dns_domain) : std::string();
}

/// A user name in its parts.
struct UserName {
  std::string domain;  ///< before the backslash
  std::string user;
  std::string suffix;  ///< behind the @
};

UserName split(const std::string& text) {
  UserName name{.user = text};
  if (const auto backslash = text.find('\\'); backslash != std::string::npos) {
    name.domain = text.substr(0, backslash);
    name.user = text.substr(backslash + 1);
  } else if (const auto at = text.rfind('@'); at != std::string::npos) {
    name.user = text.substr(0, at);
    name.suffix = text.substr(at + 1);
  }
  return name;
}

}  // namespace

std::string server_name_of(const config::Host& host) {
  if (!host.server_name.empty()) return host.server_name;
  const auto address = net::as_address(host.address);
  return address ? address->substr(0, address->find('%')) : host.address;
}

bool needs_host_names(const config::Credentials& credentials) {
  const auto name = split(credentials.username);
  return credentials.realm.empty() && credentials.keytab.empty() && !name.domain.empty() &&
         name.domain != "." && !name.domain.contains('.');
}

std::optional<kerberos::Account> find_kerberos_account(const config::Credentials& credentials,
                                                       const Secret& secret,
                                                       const std::optional<ntlm::HostNames>& host) {
  if (credentials.is_of_process()) return kerberos::Account{};
  auto name = split(credentials.username);
  kerberos::Account account{.proof = kerberos::Proof::password, .user = name.user};
  account.realm = credentials.realm;
  if (account.realm.empty()) account.realm = fold_case(name.suffix);
  if (account.realm.empty()) account.realm = realm_of_domain(name.domain, host);
  // A user principal name may end in any domain of the forest: the KDC finds whose it is.
  if (!name.suffix.empty() && fold_case(name.suffix) != fold_case(account.realm))
    account.user = credentials.username;
  if (!credentials.keytab.empty()) {
    account.proof = kerberos::Proof::keytab;
    account.keytab = credentials.keytab;
    return account;
  }
  if (account.realm.empty()) return std::nullopt;
  account.password = secret;
  return account;
}

LoginChoice choose_login(const LoginFacts& facts) {
  if (facts.wish == Authentication::ntlm) return {.way = LoginWay::ntlm, .why = "as configured"};
  const auto instead = [&facts](std::string why, bool is_notable) {
    const bool may = facts.wish == Authentication::negotiate && facts.has_password;
    return LoginChoice{.way = may ? LoginWay::ntlm : LoginWay::none,
                       .why = std::move(why),
                       .is_notable = is_notable};
  };
  if (facts.failure) {
    if (row_of(facts.failure->obstacle).leaves_ntlm) return instead(facts.failure->what, true);
    return {.way = LoginWay::none, .why = facts.failure->what};
  }
  if (!facts.refused.empty() && facts.wish == Authentication::negotiate && facts.has_password)
    return instead(facts.refused, true);
  if (!facts.has_realm)
    return instead("the account has no Kerberos realm: write `realm` or `user@REALM`", false);
  if (facts.is_address && facts.wish == Authentication::negotiate && facts.has_password)
    return instead("an IP address has no service principal name: write `serverName`", false);
  if (!facts.offers_kerberos) {
    auto choice = instead("the host does not offer Kerberos", true);
    if (choice.way == LoginWay::ntlm && !facts.offers_ntlm) choice.way = LoginWay::none;
    return choice;
  }
  return {.way = LoginWay::kerberos};
}

}  // namespace tocsin::probe
