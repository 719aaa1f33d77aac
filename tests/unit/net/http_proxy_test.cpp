// Requests through a proxy.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/net/http_client_test.h"

namespace tocsin::net {
namespace {

using ::testing::HasSubstr;

TEST_F(HttpClientTest, GoesThroughAProxy) {
  kit::HttpImposter proxy;
  proxy.otherwise({{.status = 403}});
  const auto name = "127.0.0.1:" + std::to_string(proxy.port());
  const auto plain =
      fetch({.url = "http://service.invalid/hook", .proxy = {.url = "http://me:secret@" + name}});
  ASSERT_TRUE(plain) << plain.error().what;
  EXPECT_EQ(plain->status, 403);
  EXPECT_EQ(plain->proxy, name);
  EXPECT_EQ(proxy.journal().back().target, "http://service.invalid/hook");
  EXPECT_EQ(proxy.journal().back().header("Proxy-Authorization"), "Basic bWU6c2VjcmV0");

  const auto tunnel = fetch({.url = "https://service.invalid/hook",
                             .proxy = {.url = "http://" + name},
                             .needs = HttpRequest::Needs::status_line});
  ASSERT_FALSE(tunnel);
  EXPECT_EQ(tunnel.error().what,
            "service.invalid:443: the proxy " + name + " refuses the connection with status 403");
  EXPECT_EQ(proxy.journal().back().method, "CONNECT");
}

TEST_F(HttpClientTest, AProxyMayRefuseALogin) {
  kit::HttpImposter proxy;
  proxy.otherwise({{.status = 407, .headers = {{"Proxy-Authenticate", "Basic realm=x"}}}});
  const auto name = "127.0.0.1:" + std::to_string(proxy.port());
  for (const std::string url : {"http://service.invalid/", "https://service.invalid/"}) {
    const auto refused = fetch({.url = url, .proxy = {.url = "http://me:s3cret@" + name}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::login_refused);
    EXPECT_THAT(refused.error().what, HasSubstr("the proxy " + name + " refuses the user"));
    const auto missing = fetch({.url = url, .proxy = {.url = "http://" + name}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::unreachable);
    EXPECT_THAT(missing.error().what, HasSubstr("it wants a user and a password"));
  }
}

TEST_F(HttpClientTest, GoesAroundTheProxyWhereItIsToldTo) {
  kit::HttpImposter server;
  server.otherwise({{.status = 204}});
  for (const HttpProxy& around :
       {HttpProxy{.url = ""}, HttpProxy{.url = "http://127.0.0.1:1", .bypass = "127.0.0.1"},
        HttpProxy{.url = "http://127.0.0.1:1", .bypass = "*"}}) {
    const auto answer = fetch({.url = server.url(), .proxy = around});
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->proxy, "");
  }
}

TEST_F(HttpClientTest, NamesTheProxyThatIsNotThere) {
  std::string name = "127.0.0.1:";
  {
    kit::HttpImposter gone;
    name += std::to_string(gone.port());
  }
  for (const std::string scheme : {"http", "https"}) {
    const auto answer =
        fetch({.url = scheme + "://service.invalid:9/secret", .proxy = {.url = "http://" + name}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().what, "service.invalid:9: the proxy " + name + ": Connection refused");
  }
  const std::string host(64, 'x');
  const auto answer =
      fetch({.url = "http://service.invalid/", .proxy = {.url = "http://" + host + ":3128"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what,
            "service.invalid:80: the host name of the proxy " + host + ":3128 does not exist");
}

}  // namespace
}  // namespace tocsin::net
