#include "probe/smb/login_choice.h"

#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

using config::Authentication;
using kerberos::Obstacle;

LoginChoice after(Obstacle obstacle, Authentication wish = Authentication::negotiate) {
  return choose_login({.wish = wish,
                       .has_realm = true,
                       .failure = kerberos::Failure{.obstacle = obstacle, .what = "the reason"}});
}

TEST(LoginChoice, KerberosComesFirst) {
  EXPECT_EQ(choose_login({.has_realm = true}).way, LoginWay::kerberos);
  EXPECT_EQ(choose_login({.wish = Authentication::kerberos, .has_realm = true}).way,
            LoginWay::kerberos);
  EXPECT_EQ(choose_login({.wish = Authentication::ntlm, .has_realm = true}).way, LoginWay::ntlm);
}

TEST(LoginChoice, NtlmComesInSilentlyWhereKerberosCannotWork) {
  for (const auto& facts :
       {LoginFacts{.has_realm = false}, LoginFacts{.has_realm = true, .is_address = true}}) {
    const auto choice = choose_login(facts);
    EXPECT_EQ(choice.way, LoginWay::ntlm);
    EXPECT_FALSE(choice.is_notable);
    EXPECT_FALSE(choice.why.empty());
  }
}

TEST(LoginChoice, NtlmIsNotableWhereSomebodyRefusedKerberos) {
  for (const auto obstacle : {Obstacle::no_kdc, Obstacle::unknown_service, Obstacle::unknown_user,
                              Obstacle::clock, Obstacle::encryption, Obstacle::other}) {
    const auto choice = after(obstacle);
    EXPECT_EQ(choice.way, LoginWay::ntlm);
    EXPECT_TRUE(choice.is_notable);
    EXPECT_EQ(choice.why, "the reason");
  }
  const auto choice = choose_login({.has_realm = true, .refused = "its clock is behind"});
  EXPECT_EQ(choice.way, LoginWay::ntlm);
  EXPECT_TRUE(choice.is_notable);
}

TEST(LoginChoice, ASecretThatIsRefusedIsNotTriedByNtlm) {
  for (const auto obstacle : {Obstacle::secret, Obstacle::account, Obstacle::lack}) {
    EXPECT_EQ(after(obstacle).way, LoginWay::none);
    EXPECT_EQ(after(obstacle).why, "the reason");
  }
}

TEST(LoginChoice, NtlmIsNeverUsedAgainstTheWishOrWithoutAPassword) {
  EXPECT_EQ(after(Obstacle::no_kdc, Authentication::kerberos).way, LoginWay::none);
  EXPECT_EQ(choose_login({.wish = Authentication::kerberos}).way, LoginWay::none);
  EXPECT_EQ(choose_login({.has_password = false}).way, LoginWay::none);
  const LoginFacts by_keytab{.has_password = false, .has_realm = true, .is_address = true};
  EXPECT_EQ(choose_login(by_keytab).way, LoginWay::kerberos) << "somebody may have registered it";
}

TEST(LoginChoice, GoesByWhatTheHostOffers) {
  EXPECT_EQ(choose_login({.has_realm = true, .offers_kerberos = false}).way, LoginWay::ntlm);
  EXPECT_EQ(choose_login({.has_realm = true, .offers_kerberos = false, .offers_ntlm = false}).way,
            LoginWay::none);
  EXPECT_EQ(choose_login({.has_realm = true, .offers_ntlm = false}).way, LoginWay::kerberos);
}

std::optional<kerberos::Account> account_of(const std::string& username,
                                            const std::optional<ntlm::HostNames>& host = {},
                                            const std::string& realm = "") {
  return find_kerberos_account({.username = username, .realm = realm}, Secret("x"), host);
}

TEST(KerberosAccount, TakesTheRealmThatIsWritten) {
  const auto by_suffix = account_of("svc@corp.example");
  ASSERT_TRUE(by_suffix);
  EXPECT_EQ(by_suffix->user, "svc");
  EXPECT_EQ(by_suffix->realm, "CORP.EXAMPLE");
  EXPECT_EQ(by_suffix->password, Secret("x"));
  EXPECT_EQ(account_of("svc", {}, "Corp.Example")->realm, "Corp.Example");
  EXPECT_EQ(account_of("CORP\\svc", {}, "CORP.EXAMPLE")->user, "svc");
  EXPECT_EQ(account_of("corp.example\\svc")->realm, "CORP.EXAMPLE");
  EXPECT_EQ(account_of("svc@mail.example", {}, "CORP.EXAMPLE")->user, "svc@mail.example")
      << "a user principal name";
  EXPECT_FALSE(account_of("svc"));
  EXPECT_FALSE(account_of(".\\svc"));
}

TEST(KerberosAccount, TakesTheDomainOfTheHostOnlyWhereTheAccountIsInIt) {
  const ntlm::HostNames member{.computer = "SQL1", .domain = "CORP", .dns_domain = "corp.example"};
  EXPECT_EQ(account_of("corp\\svc", member)->realm, "CORP.EXAMPLE");
  EXPECT_FALSE(account_of("OTHER\\svc", member)) << "not to a realm of the host's choice";
  EXPECT_FALSE(account_of("svc", member));
  EXPECT_FALSE(account_of("CORP\\svc"));
  auto alone = member;
  alone.computer = "CORP";
  EXPECT_FALSE(account_of("CORP\\svc", alone)) << "an account of the host itself";
  for (const auto* name :
       {"", "corp", "corp..example", "corp.example/x", ".corp.example", "corp.example\n"}) {
    auto strange = member;
    strange.dns_domain = name;
    EXPECT_FALSE(account_of("CORP\\svc", strange)) << name;
  }
}

TEST(KerberosAccount, AsksTheHostOnlyForWhatNothingElseSays) {
  EXPECT_TRUE(needs_host_names({.username = "CORP\\svc"}));
  EXPECT_FALSE(needs_host_names({.username = "CORP\\svc", .realm = "CORP.EXAMPLE"}));
  EXPECT_FALSE(needs_host_names({.username = "CORP\\svc", .keytab = "/k"}));
  for (const auto* username : {"svc", ".\\svc", "svc@R", "corp.example\\svc", ""})
    EXPECT_FALSE(needs_host_names({.username = username})) << username;
}

TEST(KerberosAccount, ComesFromAKeytabOrTheProcess) {
  const auto keytab = find_kerberos_account({.keytab = "/k"}, Secret(), {});
  ASSERT_TRUE(keytab);
  EXPECT_EQ(keytab->proof, kerberos::Proof::keytab);
  EXPECT_EQ(keytab->keytab, "/k");
  EXPECT_EQ(find_kerberos_account({}, Secret(), {})->proof, kerberos::Proof::process);
}

TEST(ServerName, IsTheNameOrElseTheAddressAsNumbers) {
  config::Host host{.address = "sql1.corp.example"};
  EXPECT_EQ(server_name_of(host), "sql1.corp.example");
  host.address = "[fe80::1%1]";
  EXPECT_EQ(server_name_of(host), "fe80::1");
  host.server_name = "real.corp.example";
  EXPECT_EQ(server_name_of(host), "real.corp.example");
}

}  // namespace
}  // namespace tocsin::probe
