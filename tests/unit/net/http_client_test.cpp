#include "net/http_client.h"

#include <gtest/gtest.h>

#include "kit/certificates.h"
#include "kit/http_imposter.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::HttpImposter;
using kit::HttpReply;

Result<HttpResponse> fetch(HttpRequest request, std::chrono::milliseconds limit = 20s) {
  Loop loop;
  HttpClient client(loop.executor());
  return loop.run_until_done(client.fetch(std::move(request), within(limit)));
}

TEST(HttpClient, SendsWhatItIsGivenAndAnswersWhatComesBack) {
  HttpImposter server;
  server.when("/hook", {{.status = 201, .body = "made"}});
  const auto answer = fetch({.method = "PUT",
                             .url = server.url() + "/hook?a=%20b",
                             .headers = {{"X-Test", "1"}, {"Content-Type", "text/plain"}},
                             .body = "Größe"});
  ASSERT_TRUE(answer.has_value()) << answer.error().what;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "made");
  EXPECT_FALSE(answer->retry_after.has_value());
  const auto journal = server.journal();
  ASSERT_EQ(journal.size(), 1U);
  EXPECT_EQ(journal[0].method, "PUT");
  EXPECT_EQ(journal[0].target, "/hook?a=%20b");
  EXPECT_EQ(journal[0].header("x-test"), "1");
  EXPECT_EQ(journal[0].body, "Größe");
}

TEST(HttpClient, EveryStatusIsAnAnswerAndRedirectsAreNotFollowed) {
  HttpImposter server;
  for (const int status : {200, 204, 302, 400, 404, 429, 500, 503}) {
    server.when("/", {{.status = status, .headers = {{"Location", server.url() + "/other"}}}});
    const auto answer = fetch({.method = "GET", .url = server.url() + "/"});
    ASSERT_TRUE(answer.has_value()) << answer.error().what;
    EXPECT_EQ(answer->status, status);
  }
  for (const auto& request : server.journal()) EXPECT_EQ(request.target, "/");
}

TEST(HttpClient, ReadsRetryAfterInSecondsAndBoundsIt) {
  HttpImposter server;
  server.when("/", {{.status = 429, .headers = {{"Retry-After", "7"}}},
                    {.status = 429, .headers = {{"Retry-After", "99999999"}}}});
  EXPECT_EQ(fetch({.url = server.url() + "/"})->retry_after, 7s);
  EXPECT_EQ(fetch({.url = server.url() + "/"})->retry_after, 24h);
}

TEST(HttpClient, KeepsTheFirst64KilobytesOfABody) {
  HttpImposter server;
  server.when("/", {{.body = std::string(200'000, 'x')}});
  EXPECT_EQ(fetch({.url = server.url() + "/"})->body.size(), HttpResponse::kMostBody);
}

TEST(HttpClient, UsesAConnectionAgain) {
  HttpImposter server;
  server.otherwise({{.status = 204}});
  Loop loop;
  HttpClient client(loop.executor());
  for (int i = 0; i < 5; i++) {
    EXPECT_TRUE(loop.run_until_done(client.fetch({.url = server.url() + "/"}, within(20s))));
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, SaysWhatWentWrongButNotTheUrl) {
  HttpImposter server;
  server.when("/secret-hang", {{.held = true}});
  server.when("/secret-cut", {{.body = "half of it", .form = HttpReply::Form::cut}});
  server.when("/secret-garbage", {{.form = HttpReply::Form::garbage}});
  server.when("/secret-closed", {{.form = HttpReply::Form::closed}});
  std::string refused;
  {
    const HttpImposter gone;
    refused = gone.url();
  }
  const struct {
    std::string url;
    Kind kind;
  } rows[] = {
      {server.url() + "/secret-hang", Kind::timed_out},
      {server.url() + "/secret-cut", Kind::unreachable},
      {server.url() + "/secret-garbage", Kind::malformed},
      {server.url() + "/secret-closed", Kind::unreachable},
      {refused + "/secret", Kind::unreachable},
      {"ftp://127.0.0.1/secret", Kind::malformed},
      {"http://secret-user:secret-word@127.0.0.1:" + std::to_string(server.port()) + "/secret-cut",
       Kind::unreachable},
  };
  for (const auto& row : rows) {
    const auto answer = fetch({.url = row.url}, row.kind == Kind::timed_out ? 300ms : 20s);
    ASSERT_FALSE(answer.has_value()) << row.url;
    EXPECT_EQ(answer.error().kind, row.kind) << answer.error().what;
    EXPECT_EQ(answer.error().what.find("secret"), std::string::npos) << answer.error().what;
  }
  server.release();
}

TEST(HttpClient, RefusesHeadersWithLineBreaks) {
  const auto answer = fetch({.url = "http://127.0.0.1:9/", .headers = {{"X", "a\r\nY: b"}}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, Kind::malformed);
}

TEST(HttpClient, VerifiesCertificates) {
  const kit::CertificateAuthority authority;
  HttpImposter server(authority.issue(kit::ServerCertificate::valid));
  server.otherwise({{.status = 204}});
  const auto url = "https://localhost:" + std::to_string(server.port()) + "/";
  const auto untrusted = fetch({.url = url});
  ASSERT_FALSE(untrusted.has_value());
  EXPECT_EQ(untrusted.error().kind, Kind::denied) << untrusted.error().what;
  EXPECT_TRUE(fetch({.url = url, .tls = {.ca_file = authority.file().string()}}).has_value());
  EXPECT_TRUE(fetch({.url = url, .tls = {.verify = false}}).has_value());
}

awaitable<void> fetch_into(HttpClient& client, std::string url, bool& answered) {
  (void)co_await client.fetch({.url = std::move(url)}, within(60s));
  answered = true;
}

TEST(HttpClient, CancellingEndsTheRequest) {
  HttpImposter server;
  server.when("/", {{.held = true}});
  Loop loop;
  HttpClient client(loop.executor());
  bool answered = false;
  loop.run_until_done([&]() -> awaitable<void> {
    TaskScope scope(loop.executor());
    scope.spawn(fetch_into(client, server.url() + "/", answered));
    while (!server.wait_for(1, within(0ms))) co_await sleep_for(1ms);
    scope.cancel();
    co_await scope.join();
  }());
  EXPECT_FALSE(answered);
  server.release();
}

}  // namespace
}  // namespace tocsin::net
