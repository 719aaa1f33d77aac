#include "config/monitored/read_credentials.h"

#include <utility>

#include "config/section/duplicates.h"

namespace tocsin::config {

namespace {

void read_kerberos(Section& entry, Credentials& credentials) {
  entry.choice({.name = "authentication",
                .description =
                    "`negotiate`: Kerberos, and NTLM where Kerberos cannot work. `kerberos` or "
                    "`ntlm`: only this. `kerberos` without an account: the ticket of the process.",
                .example = "kerberos"},
               credentials.authentication);
  entry.text({.name = "realm",
              .description = "Kerberos realm of the account, usually the DNS domain in capitals.",
              .example = "CORP.EXAMPLE",
              .otherwise = "the `@REALM` of `username`; for `DOMAIN\\user` the host's domain"},
             credentials.realm, must_not_be_empty);
  const auto keytab = entry.placed_text(
      {.name = "keytab",
       .description = "Keytab file with the account's AES keys, instead of `password`. Without "
                      "`username`: those of its first principal.",
       .example = "/etc/tocsin/svc-tocsin.keytab"});
  if (!keytab) return;
  credentials.keytab = entry.file_at(keytab->place, "keytab", keytab->text);
  if (entry.reading().environment.has_service_manager)
    entry.error(keytab->place, "Windows has no use for a `keytab`; write `password`");
}

/// What contradicts each other.
void check_account(Section& entry, const Credentials& credentials) {
  const bool has_password = entry.raw("password") != nullptr;
  const bool has_keytab = entry.raw("keytab") != nullptr;
  if (has_password && has_keytab)
    entry.error(entry.place(), "an account has either `password` or `keytab`; remove one");
  if (credentials.authentication == Authentication::ntlm && !has_password)
    entry.error(entry.place(), "`authentication: ntlm` needs `username` and `password`");
}

}  // namespace

HostAccounts read_credentials(Section& section) {
  HostAccounts accounts;
  std::vector<Credentials> list;
  Duplicates names("credentials", "appear twice");
  section.list({.name = "credentials", .description = "Accounts for logins to hosts."}, list,
               [&](Section& entry, Credentials& credentials) {
                 const auto place =
                     entry.text({.name = "name",
                                 .description = "Name of the account, for `credentials` of hosts.",
                                 .need = Need::required,
                                 .example = "monitoring"},
                                credentials.name, must_not_be_empty);
                 accounts.written.push_back(credentials.name);
                 if (place) names.add(entry, credentials.name, *place);
                 const bool has_keytab = entry.raw("keytab") != nullptr;
                 const bool of_process = !has_keytab && entry.raw("username") == nullptr &&
                                         entry.raw("password") == nullptr &&
                                         entry.raw("authentication") != nullptr;
                 const auto need = has_keytab || of_process ? Need::optional : Need::required;
                 entry.text({.name = "username",
                             .description = "`DOMAIN\\user`, `user@REALM` or a local `user`.",
                             .need = need,
                             .example = "CORP\\svc-tocsin",
                             .alternatives = {"keytab", "authentication"}},
                            credentials.username, must_not_be_empty);
                 entry.secret({.name = "password",
                               .description = kPasswordInWords,
                               .need = need,
                               .example = "${env:TOCSIN_PASSWORD}",
                               .alternatives = {"keytab", "authentication"}},
                              credentials.password, &credentials.password_file);
                 read_kerberos(entry, credentials);
                 check_account(entry, credentials);
               });
  for (auto& credentials : list)
    accounts.right.push_back(std::make_shared<const Credentials>(std::move(credentials)));
  return accounts;
}

}  // namespace tocsin::config
