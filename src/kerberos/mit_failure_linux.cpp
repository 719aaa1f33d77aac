#include "kerberos/mit_failure.h"

#include <krb5.h>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tocsin::kerberos {
namespace {

bool is_address(std::string_view name) {
  return name.contains(':') ||
         (!name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string unknown_service(const Attempt& attempt) {
  const auto name = attempt.service.substr(attempt.service.find('/') + 1);
  const auto* advice = is_address(name)
                           ? "an IP address has no service principal name: write the host's DNS "
                             "name as `address` or `serverName`"
                           : "write the name that it is registered by as `serverName`, or register "
                             "this one (setspn)";
  return fmt::format("the realm {} does not know {}: {}", attempt.realm, attempt.service, advice);
}

std::string no_encryption(const Attempt& attempt, const std::string& text) {
  return fmt::format(
      "no common encryption type for {}: AES is needed, and a password that was set before its "
      "domain knew AES has no such key ({})",
      attempt.service.empty() ? attempt.client : attempt.service, text);
}

/// The word behind `label`.
std::string_view word_behind(std::string_view line, std::string_view label) {
  const auto at = line.find(label);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + label.size());
  return line.substr(0, line.find_first_of(" \n"));
}

std::pair<Obstacle, std::string> describe(std::int32_t code, const std::string& text,
                                          const Attempt& attempt) {
  const auto of_account = [&](std::string_view what) {
    return fmt::format("{}: {} (the KDC of {} says so)", attempt.client, what, attempt.realm);
  };
  using enum Obstacle;
  switch (code) {
    case KRB5_KDC_UNREACH:
    case KRB5_REALM_UNKNOWN:
    case KRB5_REALM_CANT_RESOLVE:
      return {no_kdc, attempt.no_kdc};
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
      return {secret, of_account("wrong password or key")};
    case KRB5KDC_ERR_CLIENT_REVOKED:
      return {account, of_account("the account is locked, disabled, expired or outside of its "
                                  "logon hours")};
    case KRB5KDC_ERR_NAME_EXP:
      return {account, of_account("the account has expired")};
    case KRB5KDC_ERR_KEY_EXP:
      return {account, of_account("its password has expired")};
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
      return {unknown_user, fmt::format("the realm {} does not know the account {}", attempt.realm,
                                        attempt.client)};
    case KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN:
    case KRB5_ERR_HOST_REALM_UNKNOWN:
      return {unknown_service, kerberos::unknown_service(attempt)};
    case KRB5KRB_AP_ERR_SKEW:
      return {clock, fmt::format("the clocks of this machine and of the KDC of {} differ too much",
                                 attempt.realm)};
    case KRB5KDC_ERR_ETYPE_NOSUPP:
    case KRB5_CONFIG_ETYPE_NOSUPP:
    case KRB5_PROG_ETYPE_NOSUPP:
    case KRB5_CC_NOT_KTYPE:
    case KRB5_PREAUTH_FAILED:  // said by the library, where no key fits to what the KDC offers
      return {encryption, no_encryption(attempt, text)};
    default:
      break;
  }
  const auto& subject = attempt.service.empty() ? attempt.client : attempt.service;
  return {other, subject.empty() ? text : fmt::format("{}: {}", subject, text)};
}

}  // namespace

Failure failure_of(std::int32_t code, const std::string& text, const Attempt& attempt) {
  auto [obstacle, what] = describe(code, text, attempt);
  return {
      .obstacle = obstacle, .what = std::move(what), .native = static_cast<std::uint32_t>(code)};
}

void read_trace(std::string_view line, Trail& trail) {
  for (const std::string_view transport : {" to dgram ", " to stream "})
    trail.add_asked(word_behind(line, transport));
  trail.add_looked_for(word_behind(line, "Resolving hostname "));
  auto record = word_behind(line, "Sending DNS SRV query for ");
  if (record.ends_with('.')) record.remove_suffix(1);
  trail.add_looked_for(record);
}

}  // namespace tocsin::kerberos
