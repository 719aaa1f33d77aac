#include "notify/slack/slack.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "alerts.h"
#include "base/path.h"
#include "fake_transport.h"
#include "kit/channel_conformance.h"
#include "kit/scratch.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class SlackTest : public testing::Test {
 protected:
  SlackTest() {
    settings_.enabled = true;
    settings_.stopped.webhook_url = "https://hooks.slack.com/services/T0/B0/down";
    settings_.started.webhook_url = "https://hooks.slack.com/services/T0/B0/start";
  }
  Answer deliver(const Alert& alert) {
    Destinations made;
    add_channels(settings_, transport_.deps(), made);
    return transport_.loop.run_until_done(
        made.alerts.at(0).channel->deliver(alert, {"id"}, net::within(std::chrono::seconds(60))));
  }
  Json body(const Alert& alert) {
    answer_ = deliver(alert);
    return Json::parse(transport_.seen.body);
  }
  void use_template(const std::string& text) {
    settings_.stopped.template_file =
        to_utf8(scratch_.path() / (std::to_string(++templates_) + "t.handlebars"));
    std::ofstream(to_path(settings_.stopped.template_file), std::ios::binary) << text;
  }
  std::string reason(net::HttpResponse response) {
    transport_.response = std::move(response);
    const Answer answer = deliver(stopped_alert());
    if (const auto* later = std::get_if<RetryAfter>(&answer)) return "later: " + later->reason;
    if (const auto* rejected = std::get_if<Rejected>(&answer)) return "no: " + rejected->reason;
    return "yes: " + std::get<Delivered>(answer).detail;
  }

  kit::ScratchDirectory scratch_;
  int templates_ = 0;
  config::Slack settings_;
  FakeTransport transport_;
  Answer answer_;
};

TEST_F(SlackTest, HasAWebhookForEachDirection) {
  deliver(stopped_alert());
  EXPECT_EQ(transport_.seen.url, "https://hooks.slack.com/services/T0/B0/down");
  deliver(started_alert());
  EXPECT_EQ(transport_.seen.url, "https://hooks.slack.com/services/T0/B0/start");
  settings_.started.webhook_url.clear();
  const Slack slack(settings_, transport_.deps());
  EXPECT_TRUE(slack.wants(stopped_alert()));
  EXPECT_FALSE(slack.wants(started_alert()));
}

TEST_F(SlackTest, SendsOtherAlertsWithTextsOfTheirOwn) {
  settings_.stopped.type = settings_.started.type = config::MessageType::basic;
  settings_.stopped.basic_template = "{{serviceName}} stopped";
  settings_.started.basic_template = "{{serviceName}} started";
  settings_.stopped.channel = "#operations";
  Alert alert = stopped_alert();
  alert.kind = TransitionKind::paused;
  alert.to = ServiceState::paused;
  EXPECT_EQ(body(alert)["text"], "The database is paused on db1");
  EXPECT_EQ(body(alert)["channel"], "#operations");
  EXPECT_EQ(transport_.seen.url, settings_.stopped.webhook_url);
  EXPECT_EQ(body(stopped_alert())["text"], "MSSQL$INSTANCE stopped");

  settings_.other_firing = settings_.stopped;
  settings_.other_firing->webhook_url = "https://hooks.slack.com/services/T0/B0/other";
  settings_.other_firing->basic_template = "{{kind}}!";
  settings_.other_firing->channel = "#other";
  settings_.other_resolved = settings_.other_firing;
  EXPECT_EQ(body(alert)["text"], "paused!");
  EXPECT_EQ(body(alert)["channel"], "#other");
  EXPECT_EQ(transport_.seen.url, "https://hooks.slack.com/services/T0/B0/other");
  alert.kind = TransitionKind::reachable;
  EXPECT_EQ(body(alert)["text"], "reachable!");
  EXPECT_EQ(body(stopped_alert())["text"], "MSSQL$INSTANCE stopped");
  settings_.stopped.webhook_url.clear();
  EXPECT_TRUE(Slack(settings_, transport_.deps()).wants(alert));
}

TEST_F(SlackTest, MakesTheSameMessageAgainFromItsBytes) {
  Slack slack(settings_, transport_.deps());
  const Alert alert = stopped_alert();
  const auto made = slack.write({.alerts = {&alert}}, {"id"});
  deliver(stopped_alert());
  const auto sent = transport_.seen;
  transport_.loop.run_until_done(
      slack.send(alert, made, {"id"}, net::within(std::chrono::seconds(60))));
  EXPECT_EQ(transport_.seen.url, sent.url);
  EXPECT_EQ(transport_.seen.body, sent.body);
  EXPECT_EQ(transport_.seen.headers, sent.headers);
}

TEST_F(SlackTest, SaysFromWhomAndWhereTo) {
  settings_.stopped.channel = "#operations";
  settings_.stopped.from_user = "tocsin";
  settings_.stopped.icon_emoji = ":bell:";
  EXPECT_TRUE(deliver(stopped_alert()).index() == 0);
  EXPECT_TRUE(transport_.seen.body.starts_with(
      R"({"username":"tocsin","channel":"#operations","icon_emoji":":bell:",)"))
      << transport_.seen.body;
  EXPECT_FALSE(body(started_alert()).contains("channel"));
}

TEST_F(SlackTest, SendsBlocks) {
  const Json down = body(stopped_alert());
  EXPECT_EQ(down["text"], "The database has stopped on db1");
  EXPECT_EQ(down["blocks"][0]["text"]["text"], ":red_circle: The database has stopped on db1");
  EXPECT_EQ(down["blocks"][1]["fields"][1]["text"], "*Service*\nMSSQL$INSTANCE");
  EXPECT_EQ(body(started_alert())["blocks"][0]["text"]["text"],
            ":large_green_circle: The database has started on db1");
}

TEST_F(SlackTest, SendsABasicMessageAsButlerDoes) {
  settings_.stopped.type = config::MessageType::basic;
  settings_.stopped.basic_template = "{{serviceDisplayName}} stopped";
  EXPECT_EQ(body(stopped_alert("A & \"B\" \\ 'c'")), Json::parse(R"({
    "text": "A & \"B\" \\ 'c' stopped",
    "blocks": [{"type": "header", "text": {"type": "plain_text", "emoji": true, "text": "A & \"B\" \\ 'c' stopped"}},
               {"type": "divider"}]})"));
  settings_.stopped.basic_template = " {{reason}} ";
  Alert without_reason = stopped_alert();
  without_reason.reason.clear();
  EXPECT_EQ(body(without_reason)["text"], "The database has stopped on db1");
  EXPECT_THAT(std::get<Delivered>(answer_).detail, HasSubstr("the result is empty"));
}

TEST_F(SlackTest, UsesTheConfiguredTemplate) {
  use_template(
      R"({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "{{serviceDisplayName}} {{{reason}}}"}}]})");
  Alert alert = stopped_alert("Q \"quoted\" \\ & 'ü' 日本 😀\n$x");
  EXPECT_EQ(body(alert)["blocks"][0]["text"]["text"],
            "Q \"quoted\" \\ & 'ü' 日本 😀\n$x exit code 1067");
  EXPECT_EQ(std::get<Delivered>(answer_).detail, "200 OK");
}

TEST_F(SlackTest, CallsNobodyByTheNameOfAService) {
  settings_.stopped.type = config::MessageType::basic;
  settings_.stopped.basic_template = "<!here> {{serviceDisplayName}}";
  EXPECT_EQ(body(stopped_alert("<!channel>"))["text"], "<!here> &lt;!channel&gt;");
}

TEST_F(SlackTest, SendsTheBuiltInMessageWhereTheTemplateMakesNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"{\"blocks\": [\n  {,}]}", "the result is not JSON: line 2, column 4"},
      {"[]", "the result is not a JSON object"},
      {"{}", "the result has neither `blocks`"},
      {"{\"blocks\": {}}", "the result has `blocks` that are not a list"},
      {"{{#if}", "t.handlebars:1:6: the template ends here"}};
  for (const auto& [text, expected] : cases) {
    use_template(text);
    EXPECT_EQ(body(stopped_alert())["text"], "The database has stopped on db1");
    const auto detail = std::get<Delivered>(answer_).detail;
    EXPECT_TRUE(detail.starts_with("200 OK; ")) << detail;
    EXPECT_THAT(detail, HasSubstr(expected));
    EXPECT_THAT(detail, HasSubstr("the built-in message was sent in its place"));
  }
}

TEST_F(SlackTest, StaysWithinSlacksLimits) {
  std::string blocks;
  for (int i = 0; i < 51; ++i) blocks += std::string(i == 0 ? "" : ",") + "{\"type\": \"divider\"}";
  use_template("{\"blocks\": [" + blocks + "]}");
  EXPECT_EQ(body(stopped_alert())["blocks"][0]["type"], "header");
  EXPECT_THAT(std::get<Delivered>(answer_).detail, HasSubstr("more than 50 blocks"));

  settings_.stopped.template_file.clear();
  Alert alert = stopped_alert();
  alert.friendly_name.clear();
  for (int i = 0; i < 2000; ++i) alert.friendly_name += "\u00e4\U0001F600";
  alert.reason = std::string(6000, 'r');
  const Json made = body(alert);
  const auto units = [](const Json& text) {
    std::size_t count = 0;
    for (const char c : text.get<std::string>()) {
      const auto byte = static_cast<unsigned char>(c);
      count += (byte & 0xC0U) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
    }
    return count;
  };
  EXPECT_LE(units(made["text"]), 3000U);
  EXPECT_LE(units(made["blocks"][0]["text"]["text"]), 150U);
  EXPECT_GE(units(made["blocks"][0]["text"]["text"]), 148U);
  for (const auto& field : made["blocks"][1]["fields"]) EXPECT_LE(units(field["text"]), 2000U);

  settings_.stopped.type = config::MessageType::basic;
  settings_.stopped.basic_template = "{{reason}}";
  EXPECT_EQ(body(alert)["blocks"][0]["type"], "section") << "a header takes no more than 150";
  EXPECT_EQ(units(body(alert)["blocks"][0]["text"]["text"]), 3000U);
}

TEST_F(SlackTest, ExplainsWhatSlackSays) {
  EXPECT_EQ(reason({.status = 200, .body = "ok"}), "yes: 200 OK");
  EXPECT_EQ(
      reason({.status = 400, .body = "invalid_payload"}),
      "no: 400 Bad Request: invalid_payload (Slack cannot read the message: check the template)");
  EXPECT_EQ(reason({.status = 410, .body = "channel_is_archived"}),
            "no: 410 Gone: channel_is_archived (the channel is archived)");
  EXPECT_EQ(reason({.status = 404, .body = "no_service"}),
            "no: 404 Not Found: no_service (the webhook is disabled, removed or unknown)");
  EXPECT_EQ(reason({.status = 500, .body = "rollup_error"}),
            "later: 500 Internal Server Error: rollup_error (Slack failed)");
  EXPECT_THAT(reason({.status = 200, .body = "<html>Log in</html>"}),
              HasSubstr("later: 200 OK, but a web page answers instead"));
  EXPECT_EQ(reason({.status = 200, .body = R"({"ok":false,"error":"no_text"})"}),
            R"(later: 200 OK, but its body reports a failure: {"ok":false,"error":"no_text"})");
  EXPECT_EQ(reason({.status = 200, .body = "no_text"}),
            "later: 200 OK, but the answer is not the destination's: no_text (the message has no "
            "text)");
  EXPECT_THAT(reason({.status = 403, .body = "action_prohibited"}), HasSubstr("no: 403"));
  EXPECT_THAT(reason({.status = 404, .body = "<p>Not found"}), HasSubstr("later: 404"));
  transport_.response = net::HttpResponse{.status = 429, .retry_after = std::chrono::seconds(30)};
  EXPECT_EQ(std::get<RetryAfter>(deliver(stopped_alert())).after, std::chrono::seconds(30));
}

TEST_F(SlackTest, SendsOneMessageASecondAndKeepsTheirOrder) {
  Destinations made;
  settings_.started.rate_limit = std::chrono::seconds(7);
  add_channels(settings_, transport_.deps(), made);
  EXPECT_GE(made.alerts[0].rules.interval, std::chrono::seconds(1));
  EXPECT_EQ(made.alerts[0].rules.parallel, 1U);
  EXPECT_EQ(made.alerts[0].rules.rate_limits.down, std::chrono::seconds(0));
  EXPECT_EQ(made.alerts[0].rules.rate_limits.up, std::chrono::seconds(7));
  EXPECT_TRUE(made.alerts[0].channel->key().starts_with("slack:"));
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(Slack, ChannelConformance,
                         testing::Values(ConformingChannel{
                             .name = "slack",
                             .make =
                                 [](const ChannelSite& site, const notify::ChannelDeps& deps) {
                                   config::Slack settings{.enabled = true};
                                   settings.stopped.webhook_url = site.url;
                                   return std::make_unique<notify::Slack>(settings, deps);
                                 },
                             .success_text = "ok"}),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
