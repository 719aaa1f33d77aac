// The sections of Slack and Teams.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/sample.h"

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
  EXPECT_THAT(findings_of(loaded), ElementsAre(HasSubstr("`serviceStarted` is missing: nothing")));
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

TEST(OtherAlerts, LeaveOutWhatHoldsAsInTheOtherSections) {
  const auto loaded = parse_chat("slack", R"(
  slackNotification:
    serviceStopped:
      {webhookURL: 'https://s/1', messageType: basic, basicMsgTemplate: stopped, channel: '#ops', rateLimit: 1}
    serviceStarted: {webhookURL: 'https://s/2', templateFile: started.handlebars, rateLimit: 2}
    otherAlerts: {channel: '#other'}
)");
  ASSERT_TRUE(loaded.config) << findings_of(loaded).front();
  const Slack& slack = loaded.config->get<Slack>();
  const auto firing = message_of(slack, AlertSection::other_firing);
  EXPECT_EQ(firing.webhook_url, "https://s/1");
  EXPECT_EQ(firing.type, MessageType::basic);
  EXPECT_EQ(firing.basic_template, "");
  EXPECT_EQ(firing.channel, "#other");
  EXPECT_EQ(firing.rate_limit, std::chrono::seconds(1));
  const auto resolved = message_of(slack, AlertSection::other_resolved);
  EXPECT_EQ(resolved.webhook_url, "https://s/2");
  EXPECT_EQ(resolved.type, MessageType::formatted);
  EXPECT_EQ(resolved.template_file, "");
  EXPECT_EQ(resolved.channel, "#other");
  EXPECT_EQ(resolved.rate_limit, std::chrono::seconds(2));
}

TEST(OtherAlerts, HaveTheKeysOfTheOtherSections) {
  const auto loaded = parse_chat("teams", R"(
  teamsNotification:
    serviceStopped: {webhookURL: 'https://s/1', messageType: basic}
    serviceStarted: {webhookURL: 'https://s/2'}
    otherAlerts: {webhookURL: 'https://s/3', templateFile: other.handlebars, rateLimit: 3}
)");
  ASSERT_TRUE(loaded.config) << findings_of(loaded).front();
  const Teams& teams = loaded.config->get<Teams>();
  for (const auto section : {AlertSection::other_firing, AlertSection::other_resolved}) {
    const auto message = message_of(teams, section);
    EXPECT_EQ(message.webhook_url, "https://s/3");
    EXPECT_EQ(message.type, MessageType::formatted) << "as its template needs it";
    EXPECT_EQ(with_slashes(message.template_file), "/etc/tocsin/other.handlebars");
    EXPECT_EQ(message.rate_limit, std::chrono::seconds(3));
  }
}

TEST(OtherAlerts, WithoutTheSectionTheyHaveBuiltInTexts) {
  const auto loaded = parse_chat("slack", R"(
  slackNotification:
    serviceStopped: {webhookURL: 'https://s/1', templateFile: stopped.handlebars}
    serviceStarted: {webhookURL: 'https://s/2'}
)");
  const Slack& slack = loaded.config->get<Slack>();
  EXPECT_FALSE(slack.other_firing);
  EXPECT_EQ(message_of(slack, AlertSection::other_firing).webhook_url, "https://s/1");
  EXPECT_EQ(message_of(slack, AlertSection::other_firing).template_file, "");
  EXPECT_EQ(message_of(slack, AlertSection::other_resolved).webhook_url, "https://s/2");
}

TEST(OtherAlerts, SayAMistakeOnce) {
  const auto loaded = parse_chat("slack", R"(
  slackNotification:
    serviceStopped: {webhookURL: 'https://s/1'}
    serviceStarted: {webhookURL: 'https://s/2'}
    otherAlerts: {webhookURL: 'nowhere', rateLimt: 5}
)");
  EXPECT_EQ(findings_of(loaded).size(), 2U);
  EXPECT_THAT(findings_of(loaded), testing::Contains(HasSubstr("`webhookURL`")));
  EXPECT_THAT(findings_of(loaded), testing::Contains(HasSubstr("rateLimt")));
}

}  // namespace
}  // namespace tocsin::config
