#include "notify/webhook/webhook.h"

#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/destinations/webhook_url.h"
#include "kit/channel_conformance.h"
#include "net/loop.h"
#include "notify/fields.h"
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
  alert.recovery = "after tocsin restarted it (attempt 1 of 3)";
  EXPECT_THAT(webhook_body(alert),
              testing::EndsWith(R"-(,"recovery":"after tocsin restarted it (attempt 1 of 3)"})-"));

  alert.reason.clear();
  alert.recovery.clear();
  EXPECT_THAT(webhook_body(alert), Not(HasSubstr("recovery")));
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
  EXPECT_EQ(key_of({.description = "pager", .firing = {.url = "https://example.com/x"}}),
            "webhook:385fe006a37906f0");
}

TEST(WebhookKeys, SurviveCorrections) {
  const config::Webhook before{.description = "pager",
                               .firing = {.url = "https://exmaple.com/token"}};
  config::Webhook after = before;
  after.firing.url = "https://example.com/token";
  after.firing.method = config::HttpMethod::put;
  after.ca_file = "ca.pem";
  after.reject_unauthorized = false;
  EXPECT_EQ(key_of(before), key_of(after));
}

TEST(WebhookKeys, AreAllDifferent) {
  const std::vector<config::Webhook> webhooks{
      {.description = "a", .firing = {.url = "https://h/1"}},
      {.description = "b", .firing = {.url = "https://h/1"}},
      {.description = "a", .firing = {.url = "https://h/1"}},
      {.description = "a", .firing = {.url = "https://h/1"}},
      {.description = "a", .firing = {.url = "https://h/1", .method = config::HttpMethod::get}},
      {.description = "a", .firing = {.url = "https://h/2"}},
      {.description = "", .firing = {.url = "https://h/1"}},
      {.description = "", .firing = {.url = "https://h/2"}},
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
                                     .firing = {.url = "https://h/x?a=b", .method = method},
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
      {.description = "d", .firing = {.url = "https://h/x", .method = config::HttpMethod::get}},
      transport);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, webhook_url("https://h/x", stop_of("h", "s", "S")));
  EXPECT_TRUE(request.body.empty());
  EXPECT_THAT(request.headers, Not(Contains(Pair("Content-Type", testing::_))));
  EXPECT_THAT(request.headers, Contains(Pair("Idempotency-Key", "the-id")));
  EXPECT_TRUE(request.tls.verify);
}

TEST(Webhook, IsCalledByItsDescriptionOrItsServer) {
  FakeTransport transport;
  EXPECT_EQ(
      Webhook({.description = "pager", .firing = {.url = "https://h/x"}}, "k", transport.deps())
          .name(),
      "webhook \"pager\"");
  EXPECT_EQ(Webhook({.firing = {.url = "https://user:pass@h:8443/token?x"}}, "k", transport.deps())
                .name(),
            "webhook \"https://h:8443\"");
}

// --- own requests
// --------------------------------------------------------------------------------------

Alert start_of(const std::string& host, const std::string& service) {
  Alert alert = stop_of(host, service, "");
  alert.kind = TransitionKind::started;
  std::swap(alert.from, alert.to);
  alert.status.state = alert.to;
  return alert;
}

/// What the receiver gets, and what is said of it.
struct Sent {
  net::HttpRequest request;
  Answer answer;
};

Sent send(const config::Webhook& settings, const Alert& alert, FakeTransport& transport) {
  Webhook webhook(settings, "webhook:1", transport.deps());
  auto answer = transport.loop.run_until_done(
      webhook.deliver(alert, {"the-id"}, net::within(std::chrono::seconds(60))));
  return {.request = transport.seen, .answer = std::move(answer)};
}

config::Webhook with_body(const std::string& body, const std::string& type = "application/json") {
  return {.description = "d", .firing = {.url = "https://h/x", .content_type = type, .body = body}};
}

TEST(WebhookBody, OfTheUsersOwnIsEscapedForItsContentType) {
  const Alert alert = stop_of("h", "a\"b&<c>\n", "");
  for (const auto& [type, template_text, expected] : {
           std::tuple("application/json", R"({"s":"{{serviceName}}"})", R"({"s":"a\"b&<c>\n"})"),
           std::tuple("application/vnd.x+json; charset=utf-8", R"(["{{serviceName}}"])",
                      R"(["a\"b&<c>\n"])"),
           std::tuple("text/xml", "<s>{{serviceName}}</s>", "<s>a&quot;b&amp;&lt;c&gt;\n</s>"),
           std::tuple("application/x-www-form-urlencoded", "s={{serviceName}}&k={{kind}}\n",
                      "s=a%22b%26%3Cc%3E%0A&k=stopped"),
           std::tuple("text/plain; charset=utf-8", "{{serviceName}}!\n", "a\"b&<c>\n!\n"),
       }) {
    FakeTransport transport;
    const auto sent = send(with_body(template_text, type), alert, transport);
    EXPECT_EQ(sent.request.body, expected);
    EXPECT_THAT(
        sent.request.headers,
        testing::UnorderedElementsAre(Pair("Content-Type", type), Pair("Idempotency-Key", "the-id"),
                                      Pair("User-Agent", "tocsin/1.2.3")));
    EXPECT_TRUE(std::holds_alternative<Delivered>(sent.answer));
  }
}

TEST(WebhookBody, OfTheUsersOwnKnowsOneAlertAsAGroupOfOne) {
  FakeTransport transport;
  const auto sent =
      send(with_body(R"({"t":"{{title}}","n":{{count}},"more":{{more}},"k":"{{dedupKey}}",)"
                     R"("a":["{{#each alerts}}{{serviceName}}{{/each}}"],"l":"{{lines.length}}"})"),
           stop_of("h", "s", ""), transport);
  EXPECT_EQ(sent.request.body, R"({"t":"s has stopped on h","n":1,"more":0,"k":")" +
                                   dedup_key(stop_of("h", "s", "")) + R"(","a":["s"],"l":"1"})");
}

TEST(WebhookBody, ThatTheTemplateFailsToMakeIsButlersAndSaysSo) {
  for (const auto& [body, said] :
       {std::pair(R"({"a": {{serviceName}} "SECRET"})",
                  "webhook \"d\": `body`: the result is not JSON: line 1, column 7: syntax error "
                  "while parsing value - invalid literal; the built-in message was sent in its "
                  "place"),
        std::pair("{{nope 1}}", "there is no helper `nope`; the built-in message"),
        std::pair("{{serviceSet}}", "the result is not JSON")}) {
    FakeTransport transport;
    const auto sent = send(with_body(body), stop_of("h", "s", "S"), transport);
    EXPECT_EQ(sent.request.body, webhook_body(stop_of("h", "s", "S")));
    EXPECT_THAT(sent.request.headers, Contains(Pair("Content-Type", "application/json")));
    EXPECT_THAT(std::get<Delivered>(sent.answer).detail, HasSubstr(said));
  }
  FakeTransport transport;
  const auto sent =
      send(with_body("{{serviceSet}}", "text/plain"), stop_of("h", "s", ""), transport);
  EXPECT_EQ(sent.request.body, webhook_body(stop_of("h", "s", "")));
  EXPECT_THAT(sent.request.headers, Contains(Pair("Content-Type", "application/json")));
  EXPECT_THAT(std::get<Delivered>(sent.answer).detail, HasSubstr("the result is empty"));
}

TEST(WebhookUrl, HasTheAlertsValuesEncoded) {
  const std::string key = dedup_key(stop_of("h", "s", ""));
  EXPECT_EQ(url_for("https://h/{{dedupKey}}/close?a=b", stop_of("h", "s", "")),
            "https://h/" + key + "/close?a=b");
  EXPECT_EQ(url_for("https://h/{{host}}/{{serviceName}}?k={{kind}}",
                    stop_of("a/../b", "x y?&#\u00e4\r\n", "")),
            "https://h/a%2F..%2Fb/x%20y%3F%26%23%C3%A4%0D%0A?k=stopped");
  EXPECT_EQ(url_for("https://h/{{serviceName}}/x", stop_of("h", "..", "")), "https://h/_/x");
  for (const auto field : config::kUrlFields)
    EXPECT_THAT(url_for("https://h/{{" + std::string(field) + "}}/x", stop_of("h", "s", "")),
                Not(HasSubstr("{")));
}

TEST(Webhook, AddsHeadersAndHidesTheirValues) {
  FakeTransport transport;
  transport.response = net::HttpResponse{.status = 400, .body = "no key s3cret-token here"};
  const auto sent =
      send({.description = "d",
            .firing = {.url = "https://h/x",
                       .headers = {{"Authorization", "GenieKey s3cret-token"}, {"X-Team", "ops"}}}},
           stop_of("h", "s", "S"), transport);
  EXPECT_THAT(sent.request.headers, Contains(Pair("Authorization", "GenieKey s3cret-token")));
  EXPECT_THAT(sent.request.headers, Contains(Pair("X-Team", "ops")));
  EXPECT_EQ(sent.request.body, webhook_body(stop_of("h", "s", "S")));
  EXPECT_EQ(std::get<Rejected>(sent.answer).reason, "400 Bad Request: no key *** here");
}

TEST(Webhook, HidesThePasswordOfAHeaderWithAnAccount) {
  FakeTransport transport;
  transport.response = net::HttpResponse{.status = 400, .body = "bob may not use hunter22 here"};
  const auto sent = send({.description = "d",
                          .firing = {.url = "https://h/x",  // bob:hunter22
                                     .headers = {{"Authorization", "Basic Ym9iOmh1bnRlcjIy"}}}},
                         stop_of("h", "s", "S"), transport);
  EXPECT_EQ(std::get<Rejected>(sent.answer).reason, "400 Bad Request: bob may not use *** here");
}

TEST(Webhook, WaitsForALoginThatStandsInAHeader) {
  FakeTransport transport;
  transport.response = net::HttpResponse{.status = 401};
  const config::Webhook settings{
      .description = "d",
      .firing = {.url = "https://h/x", .headers = {{"authorization", "Bearer s3cret"}}}};
  EXPECT_TRUE(std::holds_alternative<LoginRefused>(
      send(settings, stop_of("h", "s", "S"), transport).answer));
  Destinations destinations;
  add_channels({.webhooks = {settings}}, transport.deps(), destinations);
  EXPECT_NE(destinations.alerts.front().login.gate, nullptr);
}

TEST(Webhook, SendsWhatIsResolvedElsewhere) {
  config::Webhook settings = with_body(R"({"alias":"{{dedupKey}}"})");
  settings.resolved = settings.firing;
  settings.resolved->url = "https://h/{{dedupKey}}/close";
  settings.resolved->method = config::HttpMethod::patch;
  settings.resolved->headers = {{"X-Side", "end"}};
  settings.resolved->body = R"({"note":"{{title}}"})";
  FakeTransport transport;
  auto sent = send(settings, stop_of("h", "s", ""), transport);
  const auto key = dedup_key(stop_of("h", "s", ""));
  EXPECT_EQ(sent.request.url, "https://h/x");
  EXPECT_EQ(sent.request.method, "POST");
  EXPECT_EQ(sent.request.body, R"({"alias":")" + key + R"("})");
  EXPECT_THAT(sent.request.headers, Not(Contains(Pair("X-Side", "end"))));
  sent = send(settings, start_of("h", "s"), transport);
  EXPECT_EQ(sent.request.url, "https://h/" + key + "/close") << "the key of the alert that fired";
  EXPECT_EQ(sent.request.method, "PATCH");
  EXPECT_EQ(sent.request.body, R"({"note":"s has started on h"})");
  EXPECT_THAT(sent.request.headers, Contains(Pair("X-Side", "end")));
}

TEST(Webhook, MayGetNothingThatIsResolved) {
  FakeTransport transport;
  auto settings = with_body("{}");
  EXPECT_TRUE(Webhook(settings, "k", transport.deps()).wants(start_of("h", "s")));
  settings.sends_resolved = false;
  const Webhook webhook(settings, "k", transport.deps());
  EXPECT_FALSE(webhook.wants(start_of("h", "s")));
  EXPECT_TRUE(webhook.wants(stop_of("h", "s", "")));
  EXPECT_THAT(webhook.sections(), testing::ElementsAre(config::AlertSection::stopped));
}

TEST(Webhook, IsTestedInBothDirectionsWhereTheyMayDiffer) {
  FakeTransport transport;
  EXPECT_THAT(Webhook(with_body("{}"), "k", transport.deps()).sections(),
              testing::ElementsAre(config::AlertSection::stopped, config::AlertSection::started));
  EXPECT_THAT(Webhook({.firing = {.url = "https://h"}}, "k", transport.deps()).sections(),
              testing::IsEmpty());
}

TEST(Webhook, GroupsOnlyWhereItIsAskedTo) {
  FakeTransport transport;
  auto settings =
      with_body(R"({"text":"{{title}}{{#each lines}}\n{{this}}{{/each}}",)"
                R"("more":{{more}},"names":"{{#each alerts}}{{serviceName}} {{/each}}"})");
  EXPECT_EQ(Webhook(settings, "k", transport.deps()).group_of(stop_of("h", "s", "")), "");
  settings.grouping = config::Grouping{};
  Webhook webhook(settings, "k", transport.deps());
  const auto stop = stop_of("h", "a", "");
  const auto start = start_of("h", "b");
  EXPECT_NE(webhook.group_of(stop), "");
  EXPECT_EQ(webhook.group_of(stop), webhook.group_of(start)) << "one way to the readers";
  const auto message = webhook.write({.alerts = {&stop, &start}}, {"g"});
  EXPECT_THAT(message.text, testing::StartsWith(R"({"text":"h: 1 alert, 1 resolved\n)"));
  EXPECT_THAT(message.text, testing::EndsWith(R"("more":0,"names":"a b "})"));
  EXPECT_TRUE(webhook.is_sound(message));
  EXPECT_FALSE(webhook.is_sound({.text = "no JSON", .note = {}}));

  settings.resolved = settings.firing;
  settings.resolved->url = "https://h/close";
  Webhook both(settings, "k", transport.deps());
  EXPECT_NE(both.group_of(stop), both.group_of(start)) << "two ways";
}

TEST(Webhook, CountsWhatHasNoRoomInAGroup) {
  FakeTransport transport;
  auto settings = with_body(R"({"more":{{more}},"lines":{{lines.length}} })");
  settings.grouping = config::Grouping{};
  settings.most_lines = 500;
  std::vector<Alert> alerts;
  alerts.reserve(30);
  for (int i = 0; i < 30; ++i)
    alerts.push_back(stop_of("h", "service" + std::to_string(i), "A service with a display name"));
  Contents contents;
  for (const auto& alert : alerts) contents.alerts.push_back(&alert);
  const auto message = Webhook(settings, "k", transport.deps()).write(contents, {"g"});
  const auto counted = nlohmann::json::parse(message.text);
  const int lines = counted["lines"];
  EXPECT_EQ(lines + counted["more"].get<int>(), 30);
  EXPECT_GT(lines, 3);
  EXPECT_LT(lines, 12);
}

TEST(Webhook, LosesNoAlertOfAGroupToItsTemplate) {
  FakeTransport transport;
  auto settings = with_body("{{nope 1}}");
  settings.grouping = config::Grouping{};
  Webhook webhook(settings, "k", transport.deps());
  const auto first = stop_of("h", "first", "");
  const auto second = stop_of("h", "second", "");
  const auto message = webhook.write({.alerts = {&first, &second}}, {"g"});
  EXPECT_THAT(message.text, AllOf(HasSubstr("first"), HasSubstr("second")));
  EXPECT_THAT(message.note, HasSubstr("there is no helper `nope`"));
  EXPECT_TRUE(webhook.is_sound(message));
}

// --- conformance
// -----------------------------------------------------------------------------------

/// With a secret in a header and a body of its own.
kit::ConformingChannel conforming_with_body() {
  return {.name = "body",
          .make =
              [](const kit::ChannelSite& site, const ChannelDeps& deps) {
                return std::make_unique<Webhook>(
                    config::Webhook{
                        .description = "",
                        .firing = {.url = site.url,
                                   .headers = {{"X-Key", std::string(kit::kSecret)},
                                               {"X-Token", "Token " + std::string(kit::kSecret)}},
                                   .body = R"({"text":"{{title}}"})"},
                        .ca_file = site.ca_file,
                        .reject_unauthorized = site.verify},
                    "webhook:1", deps);
              },
          .logs_in = true};
}

kit::ConformingChannel conforming(const std::string& name, config::HttpMethod method) {
  return {.name = name,
          .make =
              [method](const kit::ChannelSite& site, const ChannelDeps& deps) {
                return std::make_unique<Webhook>(
                    config::Webhook{.description = "",
                                    .firing = {.url = site.url, .method = method},
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
                                         notify::conforming("put", config::HttpMethod::put),
                                         notify::conforming("patch", config::HttpMethod::patch),
                                         notify::conforming("delete", config::HttpMethod::remove),
                                         notify::conforming_with_body()),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
