// What each channel for people sends of several alerts.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "notify/email/email.h"
#include "notify/group_text.h"
#include "notify/ntfy/ntfy.h"
#include "notify/slack/slack.h"
#include "notify/teams/teams.h"
#include "unit/notify/alerts.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kNotice = "tocsin reaches none of its 2 hosts: check its own network first";

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) count++;
  return count;
}

class GroupMessage : public testing::Test {
 protected:
  GroupMessage() {
    for (std::size_t i = 0; i < 250; i++) {
      alerts_.push_back(stopped_alert());
      alerts_.back().service = ServiceName("service" + std::to_string(i));
      alerts_.back().friendly_name = "Service " + std::to_string(i) + " <!channel> \"quoted\"";
    }
    slack_.stopped.webhook_url = slack_.started.webhook_url = "https://chat.example/x";
    teams_.stopped.webhook_url = teams_.started.webhook_url = "https://chat.example/x";
    for (auto* mails : {&email_.stopped, &email_.started}) {
      mails->from = {"", "tocsin@example.com"};
      mails->recipients = {{"", "ops@example.com"}};
    }
  }
  Contents contents(std::size_t count) {
    Contents all{.alerts = {}, .still_firing = {"Still One"}};
    for (std::size_t i = 0; i < count; i++) all.alerts.push_back(&alerts_.at(i));
    return all;
  }
  std::string slack(std::size_t count) {
    return Slack(slack_, transport_.deps()).write(contents(count), {"id"}).text;
  }
  std::string teams(std::size_t count) {
    return Teams(teams_, transport_.deps()).write(contents(count), {"id"}).text;
  }
  Email mail_channel() {
    return {std::make_shared<Mailing>(email_, nullptr, "1", transport_.messages, clock_),
            recipients_of(email_).front()};
  }

  FakeTransport transport_;
  ManualClock clock_;
  config::Slack slack_;
  config::Teams teams_;
  config::Email email_;
  std::vector<Alert> alerts_;
};

TEST_F(GroupMessage, OfSlackIsAListWithinItsLimits) {
  const auto body = json::parse(slack(250));
  EXPECT_EQ(body["text"], "db1: 250 alerts");
  const auto list = body["blocks"][1]["text"]["text"].get<std::string>();
  EXPECT_LE(list.size(), 3000U);
  EXPECT_THAT(list, HasSubstr("Service 0 &lt;!channel&gt; \"quoted\" has stopped on db1"));
  EXPECT_THAT(list, AllOf(HasSubstr("\nand 2"), testing::EndsWith(" more")));
  EXPECT_THAT(body.dump(), HasSubstr("still down: Still One"));
  EXPECT_THAT(slack(2), Not(HasSubstr(" more")));
}

TEST_F(GroupMessage, OfTeamsIsACardWithinItsLimit) {
  const auto text = teams(250);
  EXPECT_LE(text.size(), 28'000U);
  const auto card = json::parse(text)["attachments"][0]["content"];
  EXPECT_EQ(card["fallbackText"], "db1: 250 alerts");
  EXPECT_THAT(text, HasSubstr("Service 0 <!channel>"));
  EXPECT_THAT(text, AllOf(HasSubstr("and 1"), HasSubstr(" more")));
  EXPECT_THAT(text, HasSubstr("still down: Still One"));
}

TEST_F(GroupMessage, IsAListInPlainChatsToo) {
  slack_.stopped.type = teams_.stopped.type = config::MessageType::basic;
  EXPECT_THAT(
      json::parse(slack(2))["text"].get<std::string>(),
      AllOf(StartsWith("db1: 2 alerts\n"), HasSubstr("Service 1"), HasSubstr("still down")));
  EXPECT_THAT(teams(2), AllOf(HasSubstr("db1: 2 alerts"), HasSubstr("Service 1")));
}

TEST_F(GroupMessage, OfManyShortNamesHasATrueCountEverywhere) {
  for (auto& alert : alerts_) alert.friendly_name = "s";
  for (const bool is_basic : {false, true}) {
    if (is_basic) slack_.stopped.type = teams_.stopped.type = config::MessageType::basic;
    // A plain message of Slack has its text twice.
    const auto of_slack =
        is_basic ? json::parse(slack(250))["text"].get<std::string>() : slack(250);
    for (const auto& text : {of_slack, teams(250)}) {
      EXPECT_LE(text.size(), 28'000U);
      const std::size_t more = text.find(" more");
      ASSERT_NE(more, std::string::npos);
      const std::size_t number = text.rfind("and ", more) + 4;
      EXPECT_EQ(count_of(text, "has stopped on") + std::stoul(text.substr(number, more - number)),
                250U);
      EXPECT_THAT(text, AllOf(HasSubstr(" more"), HasSubstr("still down: Still One")));
    }
  }
}

TEST_F(GroupMessage, OfEmailNamesAllInBothBodies) {
  const auto mail = mail_channel().write(contents(3), {"the-id"}).text;
  EXPECT_THAT(mail, HasSubstr("Subject: db1: 3 alerts\r\n"));
  EXPECT_THAT(mail, HasSubstr("Message-ID: <the-id.tocsin@"));
  EXPECT_THAT(mail, HasSubstr("X-Tocsin-Event: group\r\n"));
  EXPECT_THAT(mail, Not(HasSubstr("X-Tocsin-Service")));
}

TEST_F(GroupMessage, OfNtfyFitsOnAPhone) {
  const auto body = json::parse(ntfy_message({.topic = "t"}, contents(250)));
  EXPECT_EQ(body["title"], "db1: 250 alerts");
  EXPECT_LE(body["message"].get<std::string>().size(), 4096U);
  EXPECT_THAT(body["message"].get<std::string>(),
              AllOf(HasSubstr("\nand 2"), HasSubstr(" more\n")));
  EXPECT_EQ(body["priority"], 5);
}

TEST_F(GroupMessage, BeginsWithTheNoticeOfAnyOfThem) {
  alerts_[1].notice = kNotice;
  EXPECT_THAT(slack(2), HasSubstr(kNotice));
  EXPECT_THAT(teams(2), HasSubstr(kNotice));
  EXPECT_THAT(json::parse(ntfy_message({.topic = "t"}, contents(2)))["message"].get<std::string>(),
              StartsWith(kNotice));
}

TEST_F(GroupMessage, OfOneAlertIsAnOrdinaryOne) {
  EXPECT_THAT(json::parse(slack(1))["text"],
              "Service 0 &lt;!channel&gt; \"quoted\" has stopped on db1");
  EXPECT_THAT(mail_channel().write(contents(1), {"id"}).text,
              HasSubstr("X-Tocsin-Service: service0\r\n"));
}

TEST_F(GroupMessage, IsSharedByWhatGoesTheSameWay) {
  slack_.started.channel = "#fine";
  const Slack slack(slack_, transport_.deps());
  EXPECT_NE(slack.group_of(stopped_alert()), slack.group_of(started_alert()));
  const Teams teams(teams_, transport_.deps());
  EXPECT_EQ(teams.group_of(stopped_alert()), teams.group_of(started_alert()));
  email_.started.from.address = "other@example.com";
  const auto mail = mail_channel();
  EXPECT_NE(mail.group_of(stopped_alert()), mail.group_of(started_alert()));
}

TEST_F(GroupMessage, IsNoneWhereATemplateKnowsOneService) {
  slack_.stopped.type = config::MessageType::basic;
  slack_.stopped.basic_template = "{{serviceName}}!";
  teams_.stopped.template_file = "/etc/stopped.handlebars";
  email_.stopped.body_file = "/etc/stopped.handlebars";
  EXPECT_EQ(Slack(slack_, transport_.deps()).group_of(stopped_alert()), "");
  EXPECT_NE(Slack(slack_, transport_.deps()).group_of(started_alert()), "");
  EXPECT_EQ(Teams(teams_, transport_.deps()).group_of(stopped_alert()), "");
  EXPECT_EQ(mail_channel().group_of(stopped_alert()), "");

  slack_.stopped.group_template_file = "/etc/group.handlebars";
  teams_.stopped.group_template_file = "/etc/group.handlebars";
  email_.stopped.group_body_file = "/etc/group.handlebars";
  EXPECT_NE(Slack(slack_, transport_.deps()).group_of(stopped_alert()), "");
  EXPECT_NE(Teams(teams_, transport_.deps()).group_of(stopped_alert()), "");
  EXPECT_NE(mail_channel().group_of(stopped_alert()), "");
}

TEST_F(GroupMessage, LooksAsItsWorstAlertWants) {
  alerts_[0] = started_alert();
  alerts_[1].kind = TransitionKind::paused;
  alerts_[1].severity = AlertSeverity::warning;
  alerts_[2].severity = AlertSeverity::critical;
  slack_.started.type = config::MessageType::basic;
  EXPECT_EQ(json::parse(slack(3))["text"], "db1: 2 alerts, 1 resolved") << "a card, and no text";
  email_.started.group_subject = "all is well";
  email_.stopped.group_subject = "{{count}} are down";
  EXPECT_THAT(mail_channel().write(contents(3), {"id"}).text, HasSubstr("Subject: 3 are down\r\n"));
}

TEST_F(GroupMessage, WithMoreThanAnyTemplateCanSayIsTheBuiltInText) {
  std::vector<std::string> complaints;
  Messages messages({}, [&](const std::string& what) { complaints.push_back(what); });
  const auto own = transport_.deps();
  const ChannelDeps deps{.executor = own.executor,
                         .http = own.http,
                         .version = own.version,
                         .messages = messages,
                         .logins = own.logins,
                         .clock = own.clock};
  Slack slack(slack_, deps);
  Teams teams(teams_, deps);
  const std::string nothing(8192, '\x01');  // six characters each, as JSON
  for (auto& alert : alerts_) {
    alert.details.display_name = alert.details.executable_path = nothing;
    alert.details.dependencies.assign(100, nothing);
  }
  for (int i = 0; i < 2; i++) {
    EXPECT_THAT(json::parse(slack.write(contents(4), {"id"}).text)["text"].get<std::string>(),
                AllOf(StartsWith("db1: 4 alerts\n"), HasSubstr("Service 1 &lt;!channel&gt;"),
                      HasSubstr("still down: Still One")));
    EXPECT_THAT(teams.write(contents(4), {"id"}).text,
                AllOf(HasSubstr("db1: 4 alerts"), HasSubstr("Service 1")));
  }
  EXPECT_THAT(complaints, testing::ElementsAre(HasSubstr("Slack: no template could be rendered"),
                                               HasSubstr("Microsoft Teams: no template")));
}

TEST_F(GroupMessage, FromTheStoreIsCheckedBeforeItIsSent) {
  const Slack slack(slack_, transport_.deps());
  const Teams teams(teams_, transport_.deps());
  const auto mail = mail_channel();
  EXPECT_TRUE(slack.is_sound({.text = this->slack(2), .note = {}}));
  EXPECT_TRUE(teams.is_sound({.text = this->teams(2), .note = {}}));
  EXPECT_TRUE(mail.is_sound(mail_channel().write(contents(2), {"id"})));
  for (const std::string damaged : {"", "{\"text\": \"cut of", "[1]", "\xFF\xFF"}) {
    EXPECT_FALSE(slack.is_sound({.text = damaged, .note = {}})) << damaged;
    EXPECT_FALSE(teams.is_sound({.text = damaged, .note = {}})) << damaged;
    EXPECT_FALSE(mail.is_sound({.text = damaged, .note = {}})) << damaged;
  }
}

TEST_F(GroupMessage, CutsNamesOfAnyLength) {
  auto all = contents(2);
  const std::string endless(5'000'000, 'x');
  all.still_firing = {endless, endless, "short"};
  const auto text = describe_group(all, 1000).still_down;
  EXPECT_LT(text.size(), 1000U);
  EXPECT_THAT(text, testing::EndsWith(" and 2 more"));
}

TEST_F(GroupMessage, MayHaveASubjectOfItsOwn) {
  email_.stopped.subject = "{{serviceName}}";
  EXPECT_NE(mail_channel().group_of(stopped_alert()), "") << "a subject is no body";
  email_.stopped.group_subject = "{{count}} at once on {{host}}";
  EXPECT_THAT(mail_channel().write(contents(3), {"id"}).text,
              HasSubstr("Subject: 3 at once on db1\r\n"));
}

}  // namespace
}  // namespace tocsin::notify
