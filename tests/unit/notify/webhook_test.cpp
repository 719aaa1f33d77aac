#include "notify/webhook/webhook.h"

#include <set>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/channel_conformance.h"
#include "net/loop.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Alert stop_of(const std::string& host, const std::string& service, const std::string& display) {
  Alert alert;
  alert.kind = TransitionKind::stopped;
  alert.host = HostName(host);
  alert.service = ServiceName(service);
  alert.details.display_name = display;
  alert.details.start_mode = StartMode::automatic;
  alert.status.state = ServiceState::stopped;
  alert.from = ServiceState::running;
  alert.to = ServiceState::stopped;
  return alert;
}

TEST(WebhookBody, IsWhatButlerSendsToTheByteAndTheKind) {
  EXPECT_EQ(webhook_body(stop_of("qs-node1", "Spooler", "Print Spooler")),
            R"({"event":"Windows service monitor","host":"qs-node1","serviceStatus":"STOPPED",)"
            R"("serviceName":"Spooler","serviceDisplayName":"Print Spooler",)"
            R"("serviceStartType":"Automatic","prevState":"RUNNING","currState":"STOPPED",)"
            R"("stateChanged":true,"kind":"stopped"})");
}

struct Names {
  std::string raw;
  std::string json;
  std::string query;
};

class WebhookNames : public testing::TestWithParam<Names> {};

TEST_P(WebhookNames, ArriveAsTheyAre) {
  const Names& names = GetParam();
  const Alert alert = stop_of("h", names.raw, names.raw);
  EXPECT_EQ(webhook_body(alert),
            R"({"event":"Windows service monitor","host":"h","serviceStatus":"STOPPED",)"
            R"("serviceName":")" +
                names.json + R"(","serviceDisplayName":")" + names.json +
                R"(","serviceStartType":"Automatic","prevState":"RUNNING","currState":"STOPPED",)"
                R"("stateChanged":true,"kind":"stopped"})");
  EXPECT_EQ(webhook_url("http://h/x", alert),
            "http://h/x?event=Windows+service+monitor&host=h&servicestatus=STOPPED&servicename=" +
                names.query + "&servicedisplayname=" + names.query +
                "&servicestarttype=Automatic&prevstate=RUNNING&currstate=STOPPED&statechanged=true&"
                "kind=stopped");
}

INSTANTIATE_TEST_SUITE_P(
    Webhook, WebhookNames,
    testing::Values(Names{"MSSQL$A & (B) #1", "MSSQL$A & (B) #1", "MSSQL%24A+%26+%28B%29+%231"},
                    Names{R"(a"b\c)", R"(a\"b\\c)", "a%22b%5Cc"},
                    Names{"tab\tnew\nline", R"(tab\tnew\nline)", "tab%09new%0Aline"},
                    Names{std::string("nul\0\x01\x7F", 6), "nul\\u0000\\u0001\x7F", "nul%00%01%7F"},
                    Names{"Überwachung Ж 監視", "Überwachung Ж 監視",
                          "%C3%9Cberwachung+%D0%96+%E7%9B%A3%E8%A6%96"},
                    Names{"\U0001F514 bell", "\U0001F514 bell", "%F0%9F%94%94+bell"},
                    Names{"<b>'x'</b>", "<b>'x'</b>", "%3Cb%3E%27x%27%3C%2Fb%3E"},
                    Names{"a+b=c%20~!*-._", "a+b=c%20~!*-._", "a%2Bb%3Dc%2520%7E%21*-._"},
                    Names{"bad\xFFutf\xC3", "bad\uFFFDutf\uFFFD", "bad%EF%BF%BDutf%EF%BF%BD"}));

TEST(WebhookBody, KindsThatButlerDoesNotHaveSayMore) {
  Alert alert = stop_of("h", "s", "S");
  alert.kind = TransitionKind::restarted;
  alert.from = alert.to = ServiceState::running;
  alert.reason = "another process: 17 was 4";
  EXPECT_THAT(webhook_body(alert), testing::EndsWith(R"("stateChanged":true,"kind":"restarted",)"
                                                     R"("reason":"another process: 17 was 4"})"));
  EXPECT_THAT(
      webhook_url("http://h", alert),
      testing::EndsWith("&statechanged=true&kind=restarted&reason=another+process%3A+17+was+4"));
  alert.kind = TransitionKind::stopped;
  EXPECT_THAT(webhook_body(alert), HasSubstr("another process")) << "where there is one";
  alert.reason.clear();
  EXPECT_THAT(webhook_body(alert), Not(HasSubstr("reason")));
  EXPECT_THAT(webhook_url("http://h", alert), Not(HasSubstr("reason")));
}

TEST(WebhookBody, AServiceWithoutDisplayNameIsCalledByItsName) {
  EXPECT_THAT(webhook_body(stop_of("h", "Spooler", "")),
              HasSubstr(R"("serviceDisplayName":"Spooler")"));
}

TEST(WebhookUrl, KeepsTheQueryThatIsThere) {
  const Alert alert = stop_of("h", "s", "S");
  for (const auto& [url, begin] : {
           std::pair("http://h/x?a=b", "http://h/x?a=b&event="),
           std::pair("http://h/x?a=b&", "http://h/x?a=b&event="),
           std::pair("http://h/x?", "http://h/x?event="),
           std::pair("http://h", "http://h?event="),
           std::pair("http://h/x#top", "http://h/x?event="),
           std::pair("http://h/x?a=b#top?y", "http://h/x?a=b&event="),
       }) {
    EXPECT_THAT(webhook_url(url, alert), testing::StartsWith(begin));
    EXPECT_THAT(webhook_url(url, alert), Not(HasSubstr("#")));
  }
}

// --- keys
// ------------------------------------------------------------------------------------------

std::string key_of(const config::Webhook& webhook) {
  return webhook_keys(std::span(&webhook, 1)).front();
}

TEST(WebhookKeys, NeverChange) {
  EXPECT_EQ(key_of({.description = "pager", .url = "https://example.com/x"}),
            "webhook:385fe006a37906f0");
}

TEST(WebhookKeys, SurviveCorrections) {
  const config::Webhook before{.description = "pager", .url = "https://exmaple.com/token"};
  config::Webhook after = before;
  after.url = "https://example.com/token";
  after.method = config::HttpMethod::put;
  after.ca_file = "ca.pem";
  after.reject_unauthorized = false;
  EXPECT_EQ(key_of(before), key_of(after));
}

TEST(WebhookKeys, AreAllDifferent) {
  const std::vector<config::Webhook> webhooks{
      {.description = "a", .url = "https://h/1"},
      {.description = "b", .url = "https://h/1"},
      {.description = "a", .url = "https://h/1"},
      {.description = "a", .url = "https://h/1"},
      {.description = "a", .url = "https://h/1", .method = config::HttpMethod::get},
      {.description = "a", .url = "https://h/2"},
      {.description = "", .url = "https://h/1"},
      {.description = "", .url = "https://h/2"},
  };
  const auto keys = webhook_keys(webhooks);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), webhooks.size());
  const auto fewer = webhook_keys(std::span(webhooks).first(2));
  EXPECT_EQ(fewer[0], keys[0]) << "another webhook does not change the key of those before it";
}

// --- requests
// --------------------------------------------------------------------------------------

net::HttpRequest request_of(const config::Webhook& settings, FakeTransport& transport) {
  Webhook webhook(settings, "webhook:1", transport.deps());
  const Alert alert = stop_of("h", "s", "S");
  transport.loop.run_until_done(
      webhook.deliver(alert, {"the-id"}, net::within(std::chrono::seconds(60))));
  return transport.seen;
}

TEST(Webhook, PostsAndPutsJson) {
  for (const auto& [method, name] :
       {std::pair(config::HttpMethod::post, "POST"), std::pair(config::HttpMethod::put, "PUT")}) {
    FakeTransport transport;
    const auto request = request_of({.description = "d",
                                     .url = "https://h/x?a=b",
                                     .method = method,
                                     .ca_file = "ca.pem",
                                     .reject_unauthorized = false},
                                    transport);
    EXPECT_EQ(request.method, name);
    EXPECT_EQ(request.url, "https://h/x?a=b");
    EXPECT_EQ(request.body, webhook_body(stop_of("h", "s", "S")));
    EXPECT_THAT(request.headers,
                testing::UnorderedElementsAre(Pair("Content-Type", "application/json"),
                                              Pair("Idempotency-Key", "the-id"),
                                              Pair("User-Agent", "tocsin/1.2.3")));
    EXPECT_EQ(request.tls.ca_file, "ca.pem");
    EXPECT_FALSE(request.tls.verify);
    EXPECT_EQ(request.connect_limit, std::chrono::seconds(5));
    EXPECT_EQ(transport.left, std::chrono::seconds(10));
  }
}

TEST(Webhook, GetsWithAQueryAndNothingElse) {
  FakeTransport transport;
  const auto request = request_of(
      {.description = "d", .url = "https://h/x", .method = config::HttpMethod::get}, transport);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, webhook_url("https://h/x", stop_of("h", "s", "S")));
  EXPECT_TRUE(request.body.empty());
  EXPECT_THAT(request.headers, Not(Contains(Pair("Content-Type", testing::_))));
  EXPECT_THAT(request.headers, Contains(Pair("Idempotency-Key", "the-id")));
  EXPECT_TRUE(request.tls.verify);
}

TEST(Webhook, IsCalledByItsDescriptionOrItsServer) {
  FakeTransport transport;
  EXPECT_EQ(Webhook({.description = "pager", .url = "https://h/x"}, "k", transport.deps()).name(),
            "webhook \"pager\"");
  EXPECT_EQ(Webhook({.url = "https://user:pass@h:8443/token?x"}, "k", transport.deps()).name(),
            "webhook \"https://h:8443\"");
}

// --- conformance
// -----------------------------------------------------------------------------------

kit::ConformingChannel conforming(const std::string& name, config::HttpMethod method) {
  return {.name = name,
          .make =
              [method](const kit::ChannelSite& site, const ChannelDeps& deps) {
                return std::make_unique<Webhook>(
                    config::Webhook{.description = "",
                                    .url = site.url,
                                    .method = method,
                                    .ca_file = site.ca_file,
                                    .reject_unauthorized = site.verify},
                    "webhook:1", deps);
              },
          .logs_in = true};
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(Webhook, ChannelConformance,
                         testing::Values(notify::conforming("get", config::HttpMethod::get),
                                         notify::conforming("post", config::HttpMethod::post),
                                         notify::conforming("put", config::HttpMethod::put)),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
