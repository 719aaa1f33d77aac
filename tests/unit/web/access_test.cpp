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

config::Web with_users() {
  auto web = open_to_others();
  web.users = {{.name = "alice", .role = config::WebRole::act},
               {.name = "bob", .role = config::WebRole::read}};
  return web;
}

/// As a browser sends it along: "a:b" in base64.
std::pair<std::string, std::string> basic_login() { return {"authorization", "Basic YTpi"}; }

PasswordAnswer right_password(const std::string& user) {
  return {.verdict = PasswordAnswer::Verdict::right, .user = user};
}

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [one, value] : response.headers) {
    if (one == name) return value;
  }
  return "";
}

TEST(Access, LetsInWhosePasswordIsRight) {
  const Access access(with_users(), kToken);
  const auto post = request(Method::post, {basic_login()});
  const auto alice = access.admit(post, kPeer, Role::act, right_password("alice"));
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_EQ(alice->role, Role::act);
  EXPECT_EQ(status_of(access.admit(post, kPeer, Role::act, right_password("bob"))), 403);
  EXPECT_EQ(status_of(access.admit(post, kPeer, Role::read, right_password("bob"))), 200);
  EXPECT_EQ(status_of(access.admit(post, kPeer, Role::read, right_password("mallory"))), 401);
}

TEST(Access, LetsNobodyInWhosePasswordWasNotFoundRight) {
  auto web = with_users();
  web.address = "127.0.0.1";
  const Access access(web, kToken);
  const auto get = request(Method::get, {basic_login()});
  using enum PasswordAnswer::Verdict;
  EXPECT_EQ(status_of(access.admit(get, kPeer, Role::none)), 401) << "it was not checked";
  EXPECT_EQ(status_of(access.admit(get, kPeer, Role::none, {.verdict = wrong})), 401);
  for (const auto& [verdict, status] : {std::pair(limited, 429), std::pair(busy, 503)}) {
    const auto later = access.admit(get, kPeer, Role::none,
                                    {.verdict = verdict, .retry_after = std::chrono::seconds(7)});
    ASSERT_EQ(status_of(later), status);
    EXPECT_EQ(header_of(later.error(), "Retry-After"), "7");
  }
}

TEST(Access, LooksAtPasswordsOfRequestsThatBringOneOnly) {
  const Access access(with_users(), kToken);
  const auto login = access.password_to_check(request(Method::get, {basic_login()}));
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "a");
  EXPECT_EQ(login->password, Secret("b"));
  EXPECT_FALSE(access.password_to_check(request(Method::get)));
  EXPECT_FALSE(access.password_to_check(request(Method::get, {{"authorization", "Bearer YTpi"}})));
  EXPECT_FALSE(access.password_to_check(request(Method::get, {{"authorization", "Basic !"}})));
  EXPECT_FALSE(
      access.password_to_check(request(Method::get, {basic_login(), {"host", "evil.example"}})));
  // A verdict is not taken for a login of another kind.
  EXPECT_EQ(status_of(access.admit(request(Method::get, {{"authorization", "Bearer x"}}), kPeer,
                                   Role::none, right_password("alice"))),
            401);
  EXPECT_EQ(
      status_of(access.admit(request(Method::get), kPeer, Role::read, right_password("alice"))),
      401);
}

TEST(Access, TakesNoPasswordsWithoutUsers) {
  const Access access({}, kToken);
  const auto get = request(Method::get, {basic_login()});
  EXPECT_FALSE(access.password_to_check(get));
  EXPECT_EQ(status_of(access.admit(get, kPeer, Role::none, right_password("alice"))), 401);
  EXPECT_EQ(access.login_path(), "");
}

TEST(Access, RefusesWhatAnotherSiteSendsWithAPassword) {
  const Access access(with_users(), kToken);
  const auto of = [&access](const std::string& name, const std::string& value) {
    return status_of(access.admit(request(Method::post, {basic_login(), {name, value}}), kPeer,
                                  Role::act, right_password("alice")));
  };
  EXPECT_EQ(of("sec-fetch-site", "same-origin"), 200);
  EXPECT_EQ(of("sec-fetch-site", "cross-site"), 403);
  EXPECT_EQ(of("sec-fetch-site", "same-site"), 403);
  EXPECT_EQ(of("origin", "https://evil.example"), 403);
  EXPECT_EQ(of("content-type", "text/plain"), 415);
}

TEST(Access, LetsBrowsersAskForAPasswordWhereSomebodyOpensAPage) {
  const auto challenge = [](const config::Web& web,
                            std::vector<std::pair<std::string, std::string>> headers) {
    const auto answer =
        Access(web, kToken).admit(request(Method::get, std::move(headers)), kPeer, Role::read);
    return answer ? "" : header_of(answer.error(), "WWW-Authenticate");
  };
  constexpr auto kBasic = R"(Basic realm="tocsin", charset="UTF-8")";
  const std::string page = "text/html,application/xhtml+xml,*/*;q=0.8";
  EXPECT_EQ(challenge(with_users(), {{"sec-fetch-mode", "navigate"}}), kBasic);
  EXPECT_EQ(challenge(with_users(), {{"accept", page}}), kBasic);
  EXPECT_EQ(challenge(with_users(), {{"accept", page}, basic_login()}), kBasic);
  EXPECT_EQ(challenge(with_users(), {{"accept", page}, {"sec-fetch-mode", "cors"}}), "Bearer");
  EXPECT_EQ(challenge(with_users(), {{"accept", "application/json"}}), "Bearer");
  EXPECT_EQ(challenge(with_users(), {}), "Bearer");
  EXPECT_EQ(challenge(open_to_others(), {{"sec-fetch-mode", "navigate"}}), "Bearer");
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
