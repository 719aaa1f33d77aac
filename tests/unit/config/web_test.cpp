// What a configuration says of the dashboard, the API and the metrics.
#include "config/web.h"

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kHash =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The sample with this in `web`.
Loaded with_web(const std::string& web) {
  return parse_sample(sample_with({{1, "tocsin:\n  web: " + web}}));
}

std::string token(const std::string& more = "") {
  return "{name: alice, hash: " + std::string(kHash) + more + "}";
}

TEST(WebKeys, AreServedOnLoopbackWithoutAny) {
  const auto loaded = parse_sample(sample_with({}));
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->web, Web{});
  EXPECT_TRUE(loaded.config->web.enabled);
  EXPECT_TRUE(is_loopback(loaded.config->web.address));
}

TEST(WebKeys, AreReadInFull) {
  const auto loaded = with_web(
      "{listen: '[::]:9000', allowedHosts: [tocsin.example.com], "
      "basePath: /tocsin, tokens: [" +
      token(", role: act") +
      "], proxy: {addresses: [10.0.0.1, 'fe80::1'], userHeader: X-User, "
      "role: act}}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const Web expected{
      .address = "::",
      .port = 9000,
      .allowed_hosts = {"tocsin.example.com"},
      .base_path = "/tocsin",
      .tokens = {{.name = "alice", .hash = std::string(kHash), .role = WebRole::act}},
      .proxy = {
          .addresses = {"10.0.0.1", "fe80::1"}, .user_header = "X-User", .role = WebRole::act}};
  EXPECT_EQ(loaded.config->web, expected);
}

std::string web_user(const std::string& name, const std::string& more = "") {
  return "{name: '" + name +
         "', passwordHash: '$scrypt$ln=15,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
         "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY'" +
         more + "}";
}

TEST(WebKeys, NameUsersWithPasswords) {
  const auto loaded =
      with_web("{users: [" + web_user("alice", ", role: act") + ", " + web_user("b@x") + "]}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& users = loaded.config->web.users;
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].name, "alice");
  EXPECT_EQ(users[0].role, WebRole::act);
  EXPECT_EQ(users[0].password_hash.log2_cost, 15U);
  EXPECT_EQ(users[0].password_hash.hash.size(), 32U);
  EXPECT_EQ(users[1].role, WebRole::read);
}

TEST(WebKeys, NameUsersWhoCanLogIn) {
  const auto of = [](const std::string& users) {
    return findings_of(with_web("{users: [" + users + "]}"));
  };
  EXPECT_THAT(of(web_user("a:b")), ElementsAre(HasSubstr("must have no colon")));
  EXPECT_THAT(of(web_user("")), ElementsAre(HasSubstr("must not be empty")));
  EXPECT_THAT(of(web_user(std::string(129, 'x'))), ElementsAre(HasSubstr("at most 128 bytes")));
  EXPECT_THAT(of(web_user("alice\\u200b")), IsEmpty()) << "single quotes know no escapes";
  EXPECT_THAT(of(web_user("alice\xE2\x80\x8B")), ElementsAre(HasSubstr("U+200B")));
  EXPECT_THAT(of(web_user("alice") + ", " + web_user("ALICE")),
              ElementsAre(HasSubstr("appear twice")));
  EXPECT_THAT(of("{name: alice}"), ElementsAre(HasSubstr("passwordHash")));
  EXPECT_THAT(of("{name: alice, passwordHash: hunter2}"),
              ElementsAre(testing::AllOf(HasSubstr("must be a hash such as"),
                                         testing::Not(HasSubstr("hunter2")))));
  EXPECT_THAT(of("{name: a, passwordHash: '$scrypt$ln=20,r=8,p=1$MDEyMzQ1Njc4$"
                 "MDEyMzQ1Njc4OWFiY2RlZg'}"),
              ElementsAre(HasSubstr("must take 16 to 64 MB")));
  EXPECT_EQ(find_mistake_in_user("alice"), std::nullopt);
  EXPECT_THAT(find_mistake_in_user("a\tb"), testing::Optional(HasSubstr("U+0009")));
  EXPECT_THAT(find_mistake_in_user("a:b"), testing::Optional(HasSubstr("colon")));
}

TEST(WebKeys, WarnOfPasswordsThatCrossTheNetworkReadable) {
  const auto users = "users: [" + web_user("alice") + "]";
  EXPECT_THAT(findings_of(with_web("{listen: '0.0.0.0:8484', " + users + "}")),
              ElementsAre(HasSubstr("cross the network readable")));
  EXPECT_THAT(
      findings_of(with_web("{listen: '0.0.0.0:8484', certificateFile: a.pem, " + users + "}")),
      IsEmpty());
  EXPECT_THAT(findings_of(with_web("{listen: '0.0.0.0:8484', enable: false, " + users + "}")),
              IsEmpty());
}

TEST(WebKeys, OpenToOthersWithALoginOnly) {
  EXPECT_THAT(findings_of(with_web("{listen: '0.0.0.0:8484'}")),
              ElementsAre(HasSubstr("`listen` is open to other machines")));
  EXPECT_THAT(findings_of(with_web("{listen: '0.0.0.0:8484', enable: false}")), IsEmpty());
  EXPECT_THAT(findings_of(with_web("{listen: '0.0.0.0:8484', tokens: [" + token() + "]}")),
              IsEmpty());
  EXPECT_THAT(findings_of(with_web("{listen: '127.0.0.2:0'}")), IsEmpty());
}

TEST(WebKeys, SayWhatTheyMustBe) {
  for (const auto* listen : {"8484", "localhost:8484", "::1:8484", "127.0.0.1:65536",
                             "'127.0.0.1:'", "127.1:80", ":80", "'[::1]'"})
    EXPECT_THAT(findings_of(with_web("{listen: " + std::string(listen) + "}")),
                ElementsAre(HasSubstr("must be an address and a port")))
        << listen;
  for (const auto* path : {"tocsin", "/tocsin/", "/", "/a//b", "/../a", "/a b"})
    EXPECT_THAT(findings_of(with_web("{basePath: '" + std::string(path) + "'}")),
                ElementsAre(HasSubstr("must be a path")))
        << path;
  EXPECT_THAT(findings_of(with_web("{tokens: [{name: a, hash: secret}]}")),
              ElementsAre(HasSubstr("must be a SHA-256")));
  EXPECT_THAT(findings_of(with_web("{tokens: [" + token() + ", " + token() + "]}")),
              ElementsAre(HasSubstr("alice")));
  EXPECT_THAT(findings_of(with_web("{proxy: {addresses: [proxy.example.com]}}")),
              ElementsAre(HasSubstr("must hold IP addresses")));
  EXPECT_THAT(findings_of(with_web("{proxy: {userHeader: 'X User'}}")),
              ElementsAre(HasSubstr("name of an HTTP header")));
}

}  // namespace
}  // namespace tocsin::config
