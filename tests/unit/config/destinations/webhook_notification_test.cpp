// Webhooks with headers, bodies and directions of their own.
#include "config/destinations/webhook_notification.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// The sample's only webhook with these keys, in flow style, besides its URL.
Loaded load_webhook(const std::string& keys, const std::string& url = "https://desk.example/hook") {
  return parse_sample(sample_with({{14, "        - {webhookURL: '" + url + "'" + keys + "}"}}));
}

std::vector<std::string> mistakes_in(const std::string& keys,
                                     const std::string& url = "https://desk.example/hook") {
  return findings_of(load_webhook(keys, url));
}

Webhook webhook_of(const std::string& keys) {
  const auto loaded = load_webhook(keys);
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_TRUE(loaded.config);
  return loaded.config.value_or(Config{}).get<WebhookDestinations>().webhooks.at(0);
}

TEST(Webhook, OfButlerHasNothingOfItsOwn) {
  const auto webhook = webhook_of("");
  EXPECT_EQ(webhook.firing.url, "https://desk.example/hook");
  EXPECT_FALSE(webhook.firing.has_own_body());
  EXPECT_THAT(webhook.firing.headers, IsEmpty());
  EXPECT_FALSE(webhook.resolved);
  EXPECT_TRUE(webhook.sends_resolved);
  EXPECT_FALSE(webhook.grouping);
}

TEST(Webhook, HasHeadersWithSecrets) {
  EXPECT_THAT(webhook_of(", headers: [{name: Authorization, value: 'GenieKey ${env:PASSWORD}'}]")
                  .firing.headers,
              ElementsAre(Pair("Authorization", "GenieKey s3cret-in-the-environment")));
}

TEST(Webhook, RefusesHeadersThatWouldBreakTheRequest) {
  const auto refused = [](const std::string& name, const std::string& value) {
    const auto mistakes = mistakes_in(", headers: [{name: " + name + ", value: " + value + "}]");
    return mistakes.empty() ? "" : mistakes.front();
  };
  EXPECT_THAT(refused("'X Team'", "ops"), HasSubstr("`name` must be the name of an HTTP header"));
  EXPECT_THAT(refused("'X-Team:'", "ops"), HasSubstr("`name` must be the name of an HTTP header"));
  for (const auto* value : {R"("a\r\nHost: b")", R"("a\nb")", R"("a\0b")"})
    EXPECT_THAT(refused("X-Team", value), HasSubstr("`value` must not contain control characters"));
  for (const auto* own : {"Host", "content-length", "Transfer-Encoding", "Connection",
                          "Idempotency-Key", "User-Agent", "Expect", "Upgrade"})
    EXPECT_THAT(refused(own, "x"), HasSubstr(std::string("`name` must not be ") + own +
                                             ": tocsin sets that header itself"));
  EXPECT_THAT(refused("Content-Type", "text/plain"),
              HasSubstr("`name` must not be Content-Type: write `contentType` instead"));
  EXPECT_EQ(refused("Accept", "application/json"), "");
}

TEST(Webhook, HasABodyWithItsContentType) {
  const auto webhook =
      webhook_of(R"(, contentType: text/plain; charset=utf-8, body: "{{title}}\n{{reason}}")");
  EXPECT_EQ(webhook.firing.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(webhook.firing.body, "{{title}}\n{{reason}}");
  EXPECT_EQ(webhook_of(", body: '{}'").firing.content_type, "application/json");
}

TEST(Webhook, RefusesBodiesThatCannotBeMeant) {
  EXPECT_THAT(mistakes_in(", body: '{}', bodyFile: /etc/tocsin/a"),
              ElementsAre(HasSubstr("`body` and `bodyFile` are two templates; remove one of them"),
                          HasSubstr("warning: `bodyFile`: the template")));
  EXPECT_THAT(mistakes_in(", body: ' '"), ElementsAre(HasSubstr("`body` must not be empty")));
  EXPECT_THAT(mistakes_in(", body: '{}', httpMethod: GET"),
              ElementsAre(HasSubstr("error: GET has no body: write another `httpMethod`")));
  for (const auto* type : {"json", "'a b/c'", "/json", "text/"})
    EXPECT_THAT(mistakes_in(std::string(", body: x, contentType: ") + type),
                ElementsAre(HasSubstr("`contentType` must be a media type, such as")))
        << type;
}

TEST(Webhook, NamesFieldsOnlyInThePathAndQueryOfItsUrl) {
  EXPECT_THAT(mistakes_in("", "https://h/{{dedupKey}}/close?by={{host}}"), IsEmpty());
  for (const auto* url : {"https://{{host}}/x", "https://{{host}}", "{{host}}",
                          "https://h:{{kind}}/", "{{kind}}://h/x", "https://{{host}}@h/x"})
    EXPECT_THAT(mistakes_in("", url),
                ElementsAre(HasSubstr("`webhookURL` must have `{{` only in its path and query")))
        << url;
  EXPECT_THAT(mistakes_in("", "https://h/{{reason}}"),
              ElementsAre(HasSubstr("`webhookURL` may name only the fields `{{alertId}}`, "
                                    "`{{dedupKey}}`, `{{host}}`, `{{kind}}`, `{{serviceName}}`, "
                                    "`{{severity}}`")));
  EXPECT_THAT(mistakes_in("", "https://h/{{host"),
              ElementsAre(HasSubstr("`webhookURL` has a `{{` without a `}}`")));
  EXPECT_THAT(mistakes_in("", "ftp://h/{{host}}"),
              ElementsAre(HasSubstr("`webhookURL` must begin with http:// or https://")));
}

TEST(Webhook, TakesOverForResolvedAlertsWhatIsNotSaid) {
  const auto webhook = webhook_of(
      ", httpMethod: PUT, headers: [{name: X-A, value: a}], contentType: text/plain, body: firing, "
      "resolved: {webhookURL: 'https://desk.example/{{dedupKey}}/close'}");
  ASSERT_TRUE(webhook.resolved);
  EXPECT_EQ(webhook.resolved->url, "https://desk.example/{{dedupKey}}/close");
  EXPECT_EQ(webhook.resolved->method, HttpMethod::put);
  EXPECT_THAT(webhook.resolved->headers, ElementsAre(Pair("X-A", "a")));
  EXPECT_EQ(webhook.resolved->content_type, "text/plain");
  EXPECT_EQ(webhook.resolved->body, "firing");
}

TEST(Webhook, HasADirectionOfItsOwnForResolvedAlerts) {
  const auto webhook = webhook_of(
      ", headers: [{name: X-A, value: a}], body: firing, contentType: text/plain, "
      "resolved: {httpMethod: DELETE, headers: [{name: X-B, value: b}], body: resolved}");
  ASSERT_TRUE(webhook.resolved);
  EXPECT_EQ(webhook.firing.method, HttpMethod::post);
  EXPECT_EQ(webhook.firing.body, "firing");
  EXPECT_EQ(webhook.resolved->url, "https://desk.example/hook");
  EXPECT_EQ(webhook.resolved->method, HttpMethod::remove);
  EXPECT_THAT(webhook.resolved->headers, ElementsAre(Pair("X-B", "b")));
  EXPECT_EQ(webhook.resolved->body, "resolved");
  EXPECT_FALSE(webhook_of(", resolved: {enable: false}").sends_resolved);
  EXPECT_THAT(mistakes_in(", resolved: {body: '{}', httpMethod: GET}"),
              ElementsAre(HasSubstr("error: GET has no body")));
}

TEST(Webhook, LogsInInOneWay) {
  const std::string header = ", headers: [{name: authorization, value: Basic eA==}]";
  EXPECT_THAT(mistakes_in(header, "https://u:p@h/x"),
              ElementsAre(HasSubstr("two ways to log in; remove one of them")));
  EXPECT_THAT(mistakes_in(header, "https://h/@x"), IsEmpty());
}

TEST(Webhook, GroupsWhatHasABodyOfItsOwn) {
  const auto webhook = webhook_of(", body: '{}', grouping: {wait: 1s}, linesLength: 3000");
  ASSERT_TRUE(webhook.grouping);
  EXPECT_EQ(webhook.grouping->wait, std::chrono::seconds(1));
  EXPECT_EQ(webhook.grouping->interval, std::chrono::seconds(30)) << "as of all destinations";
  EXPECT_EQ(webhook.most_lines, 3000U);
  EXPECT_TRUE(webhook_of(", body: '{}', grouping: {}").grouping);
  EXPECT_FALSE(webhook_of(", body: '{}'").grouping);
}

TEST(Webhook, TakesOverTheMonitorsGrouping) {
  const auto loaded = parse_sample(
      sample_with({{2, "  serviceMonitor:\n    grouping: {wait: 2s, interval: 7m}"},
                   {14, "        - {webhookURL: 'https://h', body: '{}', grouping: {wait: 1s}}"}}));
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  const auto webhook = loaded.config.value_or(Config{}).get<WebhookDestinations>().webhooks.at(0);
  EXPECT_EQ(webhook.grouping,
            (Grouping{.wait = std::chrono::seconds(1), .interval = std::chrono::minutes(7)}));
}

TEST(Webhook, SaysWhereGroupsCannotBe) {
  EXPECT_THAT(mistakes_in(", grouping: {wait: 1s}"),
              ElementsAre(HasSubstr("warning: `grouping` has no effect without `body` or "
                                    "`bodyFile`")));
  EXPECT_THAT(mistakes_in(", body: '{}', grouping: {}, resolved: {webhookURL: "
                          "'https://h/{{dedupKey}}'}"),
              ElementsAre(HasSubstr("error: `grouping` does not go with a `webhookURL` that names "
                                    "fields of one alert")));
}

}  // namespace
}  // namespace tocsin::config
