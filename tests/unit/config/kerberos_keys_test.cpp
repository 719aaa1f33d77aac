// What Kerberos needs of a configuration.
#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

TEST(KerberosKeys, AreOfTheCredentialAndTheHost) {
  const auto loaded = parse_sample(sample_with(
      {{4,
        "      - {name: main, username: svc, password: p, realm: CORP.EXAMPLE, authentication: "
        "Kerberos}"},
       {6,
        "      - host: \"node[1-2]\"\n        address: 10.1.2.3\n        serverName: "
        "\"{host}.corp.example\"\n        port: 4450"}}));
  // One address for two hosts is a mistake, their names are not.
  EXPECT_THAT(findings_of(loaded), testing::ElementsAre(testing::HasSubstr("one `address` for 2")));
  const auto right = parse_sample(sample_with(
      {{4,
        "      - {name: main, username: svc, password: p, realm: CORP.EXAMPLE, authentication: "
        "Kerberos}"},
       {6, "      - host: \"node[1-2]\"\n        serverName: \"{host}.corp.example\""}}));
  ASSERT_THAT(findings_of(right), testing::IsEmpty());
  const auto& host = right.config->hosts.at(1);
  EXPECT_EQ(host.server_name, "node2.corp.example");
  EXPECT_EQ(host.credentials->realm, "CORP.EXAMPLE");
  EXPECT_EQ(host.credentials->authentication, Authentication::kerberos);
  auto renamed = host;
  renamed.server_name.clear();
  EXPECT_FALSE(is_asked_alike(host, renamed));
  EXPECT_THAT(differing_keys(host, renamed), testing::ElementsAre("serverName"));
}

TEST(KerberosKeys, AKeytabNeedsNoUserNameAndStandsBesideTheFile) {
  const auto loaded =
      parse_sample(sample_with({{4, "      - {name: main, keytab: svc.keytab}"}}), "/etc/tocsin");
  ASSERT_THAT(findings_of(loaded), testing::IsEmpty());
  const auto& account = *loaded.config->hosts.at(0).credentials;
  EXPECT_EQ(with_slashes(account.keytab), "/etc/tocsin/svc.keytab");
  EXPECT_EQ(account.authentication, Authentication::negotiate);
  EXPECT_FALSE(account.is_of_process());
}

TEST(KerberosKeys, AnEntryWithoutAnAccountIsTheTicketOfTheProcess) {
  const auto loaded =
      parse_sample(sample_with({{4, "      - {name: main, authentication: kerberos}"}}));
  ASSERT_THAT(findings_of(loaded), testing::IsEmpty());
  EXPECT_TRUE(loaded.config->hosts.at(0).credentials->is_of_process());
}

TEST(KerberosKeys, WithATicketAFileNeedsNoCredentials) {
  auto environment = kSampleEnvironment;
  environment.has_ticket = true;
  const auto loaded = parse(sample_with({{3, ""}, {4, ""}}), "t.yaml", "/etc/tocsin", environment);
  ASSERT_THAT(findings_of(loaded), testing::IsEmpty());
  ASSERT_TRUE(loaded.config->hosts.at(0).credentials);
  EXPECT_TRUE(loaded.config->hosts.at(0).credentials->is_of_process());
}

}  // namespace
}  // namespace tocsin::config
