#include "config/monitored/read_credentials.h"

#include <utility>

#include "config/section/duplicates.h"

namespace tocsin::config {

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
                 entry.text({.name = "username",
                             .description = "`DOMAIN\\user`, `user@REALM` or a local `user`.",
                             .need = Need::required,
                             .example = "CORP\\svc-tocsin"},
                            credentials.username, must_not_be_empty);
                 entry.secret({.name = "password",
                               .description = kPasswordInWords,
                               .need = Need::required,
                               .example = "${env:TOCSIN_PASSWORD}"},
                              credentials.password, &credentials.password_file);
               });
  for (auto& credentials : list)
    accounts.right.push_back(std::make_shared<const Credentials>(std::move(credentials)));
  return accounts;
}

}  // namespace tocsin::config
