#include "web/access.h"

#include <gmock/gmock.h>

namespace tocsin::web {
namespace {

const Secret kToken("open sesame");
/// SHA-256 of "test".
constexpr std::string_view kHashOfTest =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
constexpr std::string_view kPeer = "127.0.0.1";

Request request(Method method, std::vector<std::pair<std::string, std::string>> headers = {}) {
  Request request{.method = method, .headers = std::move(headers)};
  if (!request.header("host")) request.headers.emplace_back("host", "127.0.0.1:8484");
  if (method != Method::get && !request.header("content-type"))
    request.headers.emplace_back("content-type", "application/json");
  return request;
}

int status_of(const std::expected<Visitor, Response>& admitted) {
  return admitted ? 200 : admitted.error().status;
}

config::Web open_to_others() { return {.address = "0.0.0.0"}; }

TEST(Access, LetsEverybodyOnThisMachineReadAndNobodyAct) {
  const Access access({}, kToken);
  EXPECT_EQ(status_of(access.admit(request(Method::get), kPeer, Role::read)), 200);
  EXPECT_EQ(status_of(access.admit(request(Method::post), kPeer, Role::act)), 401);
}

TEST(Access, LetsNobodyReadWithoutALoginWhereOthersCanConnect) {
  const Access access(open_to_others(), kToken);
  EXPECT_EQ(status_of(access.admit(request(Method::get), kPeer, Role::read)), 401);
  EXPECT_EQ(status_of(access.admit(request(Method::get), kPeer, Role::none)), 200);
}

TEST(Access, KnowsTheTokens) {
  auto web = open_to_others();
  web.tokens = {{.name = "alice", .hash = std::string(kHashOfTest), .role = config::WebRole::read}};
  const Access access(web, kToken);
  const auto bearer = [](Method method, const std::string& token) {
    return request(method, {{"authorization", "Bearer " + token}});
  };
  const auto own = access.admit(bearer(Method::post, "open sesame"), kPeer, Role::act);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->name, "dashboard");
  const auto alice = access.admit(bearer(Method::get, "test"), kPeer, Role::read);
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_EQ(status_of(access.admit(bearer(Method::post, "test"), kPeer, Role::act)), 403);
  for (const auto* wrong : {"", "Test", "open sesame ", "x"})
    EXPECT_EQ(status_of(access.admit(bearer(Method::get, wrong), kPeer, Role::none)), 401) << wrong;
  EXPECT_EQ(status_of(access.admit(request(Method::get, {{"authorization", "Basic eDp5"}}), kPeer,
                                   Role::none)),
            401);
}

TEST(Access, HasNoTokenThatIsEmpty) {
  const Access access({}, Secret());
  EXPECT_EQ(status_of(access.admit(request(Method::post, {{"authorization", "Bearer "}}), kPeer,
                                   Role::act)),
            401);
}

TEST(Access, BelievesTheHeaderOfListedProxiesOnly) {
  auto web = open_to_others();
  web.proxy = {.addresses = {"10.0.0.1"}, .role = config::WebRole::act};
  const Access access(web, kToken);
  const auto bob = request(Method::post, {{"remote-user", "bob"}});
  const auto admitted = access.admit(bob, "10.0.0.1", Role::act);
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->name, "bob");
  EXPECT_EQ(status_of(access.admit(bob, "10.0.0.2", Role::read)), 401);
  const auto forged =
      request(Method::get, {{"remote-user", "bob"}, {"x-forwarded-for", "10.0.0.1"}});
  EXPECT_EQ(status_of(access.admit(forged, "10.0.0.2", Role::read)), 401);
}

TEST(Access, LetsAProxyReadNothingWithoutAUser) {
  config::Web web;
  web.proxy = {.addresses = {"127.0.0.1"}, .role = config::WebRole::act};
  const Access access(web, kToken);
  EXPECT_EQ(status_of(access.admit(request(Method::get), kPeer, Role::read)), 401);
  EXPECT_EQ(status_of(access.admit(request(Method::get, {{"remote-user", ""}}), kPeer, Role::read)),
            401);
}

TEST(Access, RefusesForeignHostNames) {
  config::Web web;
  web.allowed_hosts = {"tocsin.example.com"};
  const Access access(web, kToken);
  const auto of = [&access](const std::string& host) {
    return status_of(access.admit(request(Method::get, {{"host", host}}), kPeer, Role::none));
  };
  for (const auto* own : {"127.0.0.1:8484", "[::1]:8484", "10.1.2.3", "localhost:8484", "LOCALHOST",
                          "a.localhost:1", "tocsin.example.com", "TOCSIN.example.com:443"})
    EXPECT_EQ(of(own), 200) << own;
  for (const auto* foreign :
       {"", "evil.example", "localhost.evil.example", "tocsin.example.com.evil",
        "127.0.0.1.evil.example", "xlocalhost", "[::1", "user@localhost", "[::1].evil.example",
        "localhost:8484.evil.example", "127.0.0.1:x"})
    EXPECT_EQ(of(foreign), 421) << foreign;
}

TEST(Access, RefusesActionsThatAnotherSiteSends) {
  const Access access({}, kToken);
  const auto of = [&access](std::vector<std::pair<std::string, std::string>> headers) {
    headers.emplace_back("authorization", "Bearer open sesame");
    return status_of(access.admit(request(Method::post, std::move(headers)), kPeer, Role::act));
  };
  EXPECT_EQ(of({}), 200);
  EXPECT_EQ(of({{"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(of({{"sec-fetch-site", "none"}}), 200);
  EXPECT_EQ(of({{"sec-fetch-site", "same-site"}}), 403);
  EXPECT_EQ(of({{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(of({{"origin", "http://127.0.0.1:8484"}}), 200);
  EXPECT_EQ(of({{"origin", "http://127.0.0.1:8485"}}), 403);
  EXPECT_EQ(of({{"origin", "null"}}), 403);
  EXPECT_EQ(of({{"content-type", "text/plain"}}), 415);
  EXPECT_EQ(of({{"content-type", "Application/JSON; charset=utf-8"}}), 200);
  EXPECT_EQ(of({{"content-type", "application/x-www-form-urlencoded"}}), 415);
}

}  // namespace
}  // namespace tocsin::web
