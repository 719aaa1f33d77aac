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
