#include "notify/teams/teams.h"

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

/// As Microsoft gives them out: nothing in it may be changed, the escapes neither.
constexpr const char* kUrl =
    "https://prod-01.westeurope.logic.azure.com:443/workflows/0a1b/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=s3cret-Sig_%2Fx";

class TeamsTest : public testing::Test {
 protected:
  TeamsTest() {
    settings_.enabled = true;
    settings_.stopped.webhook_url = kUrl;
    settings_.started.webhook_url = kUrl;
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

  kit::ScratchDirectory scratch_;
  int templates_ = 0;
  config::Teams settings_;
  FakeTransport transport_;
  Answer answer_;
};

void expect_envelope(const Json& message) {
  EXPECT_EQ(message["type"], "message");
  const Json& attachment = message["attachments"][0];
  EXPECT_EQ(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
  EXPECT_TRUE(attachment["contentUrl"].is_null());
  EXPECT_EQ(attachment["content"]["type"], "AdaptiveCard");
}

TEST_F(TeamsTest, PostsToTheUrlAsItIs) {
  deliver(stopped_alert());
  EXPECT_EQ(transport_.seen.url, kUrl);
}

TEST_F(TeamsTest, SendsACard) {
  const Json message = body(stopped_alert("A \"b\" \\ & 'c' 😀"));
  expect_envelope(message);
  EXPECT_EQ(message["attachments"][0]["content"]["body"][0]["style"], "attention");
  EXPECT_THAT(message.dump(), HasSubstr(R"(A \"b\" \\ & 'c' 😀)"));
  EXPECT_EQ(body(started_alert())["attachments"][0]["content"]["body"][0]["style"], "good");
}

TEST_F(TeamsTest, SendsABasicMessageAsACard) {
  settings_.stopped.type = config::MessageType::basic;
  settings_.stopped.basic_template = "{{serviceDisplayName}} stopped";
  const Json message = body(stopped_alert("A & \"B\""));
  expect_envelope(message);
  EXPECT_EQ(message["attachments"][0]["content"]["body"],
            Json::parse(R"([{"type": "TextBlock", "text": "A & \"B\" stopped", "wrap": true}])"));
}

TEST_F(TeamsTest, UsesTheConfiguredTemplateOrSaysWhyNot) {
  use_template(R"({"type": "message", "attachments": [{"x": "{{serviceName}}"}]})");
  EXPECT_EQ(body(stopped_alert())["attachments"][0]["x"], "MSSQL$INSTANCE");
  EXPECT_EQ(std::get<Delivered>(answer_).detail, "200 OK");
  use_template("nonsense");
  expect_envelope(body(stopped_alert()));
  EXPECT_THAT(std::get<Delivered>(answer_).detail, HasSubstr("the result is not JSON"));
}

TEST_F(TeamsTest, StaysWithin28Kilobytes) {
  Alert alert = stopped_alert();
  alert.reason.clear();
  for (int i = 0; i < 3000; ++i) alert.reason += "\u20ac";
  alert.friendly_name = alert.details.display_name = alert.details.executable_path = alert.reason;
  const Json message = body(alert);
  expect_envelope(message);
  EXPECT_LT(transport_.seen.body.size(), 28'000U);
  EXPECT_EQ(std::get<Delivered>(answer_).detail, "200 OK");

  use_template("{\"x\": \"" + std::string(30'000, 'x') + "\"}");
  expect_envelope(body(stopped_alert()));
  EXPECT_THAT(std::get<Delivered>(answer_).detail, HasSubstr("larger than the 28 KB"));
}

TEST_F(TeamsTest, SendsOneTextWhereNoCardFits) {
  std::vector<config::GenericUrl> urls(
      200,
      {.id = "", .link_text = std::string(200, 'x'), .comment = "", .url = "https://example.com"});
  Messages messages(urls);
  const ChannelDeps crowded{.executor = transport_.loop.executor(),
                            .http = transport_,
                            .version = "1",
                            .messages = messages,
                            .logins = transport_.logins,
                            .clock = transport_.clock};
  Teams teams(settings_, crowded);
  transport_.loop.run_until_done(
      teams.deliver(stopped_alert(), {"id"}, net::within(std::chrono::seconds(60))));
  const Json message = Json::parse(transport_.seen.body);
  EXPECT_EQ(message["attachments"][0]["content"]["body"][0]["text"],
            "The database has stopped on db1");
}

TEST_F(TeamsTest, DoesNotTakeARefusalForSuccess) {
  transport_.response = net::HttpResponse{
      .status = 200,
      .body =
          "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP "
          "error 429 with ContextId 1"};
  EXPECT_THAT(std::get<RetryAfter>(deliver(stopped_alert())).reason, HasSubstr("HTTP error 429"));
  transport_.response = net::HttpResponse{.status = 202};
  EXPECT_EQ(std::get<Delivered>(deliver(stopped_alert())).detail, "202 Accepted");
}

TEST_F(TeamsTest, IsNotAskedTooOften) {
  Destinations made;
  add_channels(settings_, transport_.deps(), made);
  EXPECT_EQ(made.alerts[0].rules.interval, std::chrono::milliseconds(250));
  EXPECT_TRUE(made.alerts[0].channel->key().starts_with("teams:"));
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(Teams, ChannelConformance,
                         testing::Values(ConformingChannel{
                             .name = "teams",
                             .make =
                                 [](const ChannelSite& site, const notify::ChannelDeps& deps) {
                                   config::Teams settings{.enabled = true};
                                   settings.stopped.webhook_url = site.url;
                                   return std::make_unique<notify::Teams>(settings, deps);
                                 },
                             .success_text = "1"}),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
