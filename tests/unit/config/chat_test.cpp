// The sections of Slack and Teams.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/load.h"
#include "sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Loaded parse_chat(const std::string& destination, const std::string& section) {
  auto text = sample_with({{10, "      " + destination + ": {enable: true}"},
                           {11, section},
                           {12, ""},
                           {13, ""},
                           {14, ""}});
  return parse(text, "file.yaml", "/etc/tocsin", kSampleEnvironment);
}

TEST(SlackSection, IsReadAsButlerWritesIt) {
  const auto loaded = parse_chat("slack", R"(
  genericUrls:
    - {id: r, linkText: Runbook, comment: Read it, url: 'https://x/y?a=1'}
  slackNotification:
    enable: true
    restartCount: {enable: true}
    serviceStopped:
      webhookURL: https://hooks.slack.com/services/x
      channel: '#ops'
      messageType: formatted
      basicMsgTemplate: ''
      rateLimit: 15
      fromUser: Qlik Sense
      iconEmoji: ':ghost:'
      templateFile: down.handlebars
      groupTemplateFile: several.handlebars
    serviceStarted:
      webhookURL: https://hooks.slack.com/services/y
      messageType: basic
      basicMsgTemplate: '{{host}} is up'
      rateLimit: 0
)");
  ASSERT_TRUE(loaded.config) << findings_of(loaded).front();
  const Slack& slack = loaded.config->get<Slack>();
  EXPECT_TRUE(slack.enabled);
  EXPECT_EQ(slack.stopped.webhook_url, "https://hooks.slack.com/services/x");
  EXPECT_EQ(slack.stopped.type, MessageType::formatted);
  EXPECT_EQ(with_slashes(slack.stopped.template_file), "/etc/tocsin/down.handlebars");
  EXPECT_EQ(with_slashes(slack.stopped.group_template_file), "/etc/tocsin/several.handlebars");
  EXPECT_EQ(slack.stopped.rate_limit, std::chrono::seconds(15));
  EXPECT_EQ(slack.stopped.channel, "#ops");
  EXPECT_EQ(slack.stopped.from_user, "Qlik Sense");
  EXPECT_EQ(slack.stopped.icon_emoji, ":ghost:");
  EXPECT_EQ(slack.started.type, MessageType::basic);
  EXPECT_EQ(slack.started.basic_template, "{{host}} is up");
  EXPECT_EQ(slack.started.rate_limit, std::chrono::seconds(0));
  EXPECT_EQ(slack.started.group_template_file, "");
  ASSERT_EQ(loaded.config->generic_urls.size(), 1U);
  EXPECT_EQ(loaded.config->generic_urls[0].link_text, "Runbook");
  EXPECT_EQ(loaded.config->generic_urls[0].url, "https://x/y?a=1");
}

TEST(SlackSection, WarnsOfWhatIsNotSent) {
  const auto loaded = parse_chat(
      "slack", "  slackNotification:\n    serviceStopped: {webhookURL: 'https://hooks/x'}");
  EXPECT_TRUE(loaded.config);
  EXPECT_THAT(findings_of(loaded), ElementsAre(HasSubstr("without `serviceStarted`, nothing")));
}

TEST(SlackSection, NeedsAUrlWhereItHasASection) {
  const auto loaded = parse_chat("slack",
                                 "  slackNotification:\n    serviceStopped: {channel: x}\n    "
                                 "serviceStarted: {webhookURL: hooks/x}");
  EXPECT_FALSE(loaded.config);
  EXPECT_THAT(findings_of(loaded), ElementsAre(HasSubstr("`webhookURL`"),
                                               HasSubstr("`webhookURL` must begin with http")));
}

TEST(SlackSection, IsATemplateWhereItIsOff) {
  const auto loaded = parse_chat(
      "teams",
      "  slackNotification:\n    serviceStopped: {webhookURL: <fill in>}\n  teamsNotification:\n"
      "    serviceStopped: {webhookURL: 'https://x/y'}\n    serviceStarted: {webhookURL: "
      "'https://x/y'}");
  ASSERT_TRUE(loaded.config);
  EXPECT_FALSE(loaded.config->get<Slack>().enabled);
  EXPECT_TRUE(loaded.config->get<Teams>().enabled);
}

TEST(TeamsSection, WarnsOfRetiredConnectors) {
  const auto loaded = parse_chat(
      "teams",
      "  teamsNotification:\n"
      "    serviceStopped: {webhookURL: 'https://corp.webhook.office.com/webhookb2/s3cret'}\n"
      "    serviceStarted: {webhookURL: "
      "'https://prod-1.westeurope.logic.azure.com:443/w?sig=s3cret'}");
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(findings_of(loaded), ElementsAre(HasSubstr("Office 365 connector")));
  EXPECT_THAT(findings_of(loaded).front(), testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace tocsin::config
