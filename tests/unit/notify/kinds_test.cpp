// What each channel says of an alert of each kind. With TOCSIN_SHOW_MESSAGES set, it prints all.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "alerts.h"
#include "fake_transport.h"
#include "notify/alertmanager/alertmanager.h"
#include "notify/email/email.h"
#include "notify/mqtt/mqtt.h"
#include "notify/new_relic/new_relic.h"
#include "notify/ntfy/ntfy.h"
#include "notify/pager_duty/pager_duty.h"
#include "notify/sections.h"
#include "notify/sentence.h"
#include "notify/slack/slack.h"
#include "notify/teams/teams.h"
#include "notify/webhook/webhook.h"

namespace tocsin::notify {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// An alert of the kind as a host brings it, without a reason.
Alert alert_of(TransitionKind kind, Expected expected = Expected::running) {
  const auto& row = row_of(kind);
  Alert alert = stopped_alert();
  alert.kind = kind;
  alert.expected = expected;
  alert.reason.clear();
  alert.status.exit_code = 0;
  alert.to = alert.status.state = row.leads_to;
  alert.from = alert.to == ServiceState::running ? ServiceState::stopped : ServiceState::running;
  if (kind == TransitionKind::restarted || kind == TransitionKind::flapping)
    alert.from = alert.to = alert.status.state = ServiceState::running;
  if (row.about != About::service) {
    alert.host = HostName(row.about == About::host ? "db1" : "credential:svc");
    alert.service = ServiceName();
    alert.friendly_name.clear();
    alert.details = {};
    alert.from = alert.to = alert.status.state = ServiceState::unknown;
  }
  if (kind == TransitionKind::other) alert.other_kind = "teleported";
  return alert;
}

/// The kinds, about what they are usually about, of services that should run and of those that
/// should not; and a host that is monitored no more.
std::vector<Alert> alerts_of_all_kinds() {
  std::vector<Alert> all;
  for (const auto kind : all_values<TransitionKind>()) {
    for (const auto expected : {Expected::running, Expected::stopped}) {
      if (expected == Expected::stopped && row_of(kind).about != About::service) continue;
      all.push_back(alert_of(kind, expected));
    }
  }
  auto host = alert_of(TransitionKind::unreachable);
  host.kind = TransitionKind::unmonitored;
  all.push_back(std::move(host));
  return all;
}

TEST(Sentence, SaysWhatWasWrongBeforeTheEnd) {
  auto alert = alert_of(TransitionKind::unreachable);
  alert.kind = TransitionKind::unmonitored;
  EXPECT_EQ(previous_status_word(alert), "UNREACHABLE");
  alert.host = HostName("credential:monitoring");
  EXPECT_EQ(previous_status_word(alert), "REFUSED");
  EXPECT_EQ(status_word(alert), "UNMONITORED");
}

/// Sections with a template each that says which it is, in the words of stops and starts.
void fill_chat(auto& stopped, auto& started) {
  stopped.webhook_url = started.webhook_url = "https://chat.example/x";
  stopped.type = started.type = config::MessageType::basic;
  stopped.basic_template = "Windows service stopped: \"{{serviceName}}\"";
  started.basic_template = "Windows service started: \"{{serviceName}}\"";
}

class Kinds : public testing::Test {
 protected:
  Kinds() {
    slack_.enabled = formatted_.enabled = teams_.enabled = email_.enabled = true;
    fill_chat(slack_.stopped, slack_.started);
    fill_chat(teams_.stopped, teams_.started);
    formatted_.stopped.webhook_url = formatted_.started.webhook_url = "https://chat.example/x";
    for (auto* mails : {&email_.stopped, &email_.started}) {
      mails->from = {"", "tocsin@example.com"};
      mails->recipients = {{"", "ops@example.com"}};
    }
    email_.stopped.subject = "Windows service stopped: \"{{serviceName}}\"";
    email_.started.subject = "Windows service started: \"{{serviceName}}\"";
  }

  std::map<std::string, std::string> messages(const Alert& alert) {
    const auto deps = transport_.deps();
    config::NewRelicDestination relic{
        .with_host = true, .with_name = true, .with_display_name = true, .with_state = true};
    config::Mqtt mqtt{.running_topic = "run", .stopped_topic = "stop", .paused_topic = "pause"};
    const ManualClock clock(alert.at);
    const auto mail =
        Email(std::make_shared<Mailing>(email_, nullptr, "1", transport_.messages, clock),
              recipients_of(email_).front())
            .write({.alerts = {&alert}}, {"id"});
    return {{"webhook", webhook_body(alert)},
            {"webhook by GET", webhook_url("http://h", alert)},
            {"Slack", Slack(slack_, deps).write({.alerts = {&alert}}, {"id"}).text},
            {"Slack, formatted", Slack(formatted_, deps).write({.alerts = {&alert}}, {"id"}).text},
            {"Teams", Teams(teams_, deps).write({.alerts = {&alert}}, {"id"}).text},
            {"email", mail.text},
            {"MQTT", mqtt_topic(mqtt, alert) + " " + mqtt_change(alert)},
            {"New Relic event", new_relic_event(relic, alert, alert.at)},
            {"New Relic log", new_relic_log(relic, alert, alert.at)},
            {"PagerDuty", pager_duty_event({}, alert)},
            {"Alertmanager", alertmanager_alert({}, alert)},
            {"ntfy", ntfy_message({.topic = "t"}, {.alerts = {&alert}})}};
  }

  FakeTransport transport_;
  config::Slack slack_;
  config::Slack formatted_;
  config::Teams teams_;
  config::Email email_;
};

/// The words about services that stop and start are said of nothing else.
bool is_butlers(const Alert& alert) {
  return section_of(alert) == config::AlertSection::stopped ||
         section_of(alert) == config::AlertSection::started;
}

TEST_F(Kinds, AreNamedByEveryDestinationInItsOwnWords) {
  const bool shows = std::getenv("TOCSIN_SHOW_MESSAGES") != nullptr;
  for (const auto& alert : alerts_of_all_kinds()) {
    const std::string kind(kind_word(alert));
    for (const auto& [channel, text] : messages(alert)) {
      SCOPED_TRACE(fmt::format("{} by {}: {}", kind, channel, text));
      if (shows) std::cout << kind << " by " << channel << ":\n" << text << "\n\n";
      if (channel == "Slack" || channel == "Teams") {
        EXPECT_THAT(
            text, HasSubstr(std::string(is_butlers(alert) ? "Windows service " : title_of(alert))));
      } else {
        EXPECT_THAT(text, HasSubstr(kind));
      }
      if (!is_butlers(alert)) {
        EXPECT_THAT(text, Not(HasSubstr("Windows service stopped")));
        EXPECT_THAT(text, Not(HasSubstr("Windows service started")));
      }
      EXPECT_THAT(text, Not(HasSubstr("\\\"\\\""))) << "an empty name in quotes";
      EXPECT_THAT(text, Not(HasSubstr(R"("reason":"")")));
      EXPECT_THAT(text, Not(HasSubstr(R"("serviceDisplayName":"")")));
      EXPECT_THAT(text, Not(HasSubstr(R"("serviceFriendlyName":"")")));
    }
  }
}

TEST_F(Kinds, HaveAReasonWhereButlerLacksThem) {
  for (const auto& alert : alerts_of_all_kinds()) {
    SCOPED_TRACE(kind_word(alert));
    const bool in_butler = row_of(alert.kind).in_butler;
    EXPECT_EQ(reason_of(alert).empty(), is_butlers(alert));
    EXPECT_THAT(reason_of(alert), Not(testing::EndsWith(".")));
    const auto values = nlohmann::json::parse(transport_.messages.values(alert));
    EXPECT_EQ(values["reason"], reason_of(alert));
    for (const auto& [channel, text] : messages(alert)) {
      if (channel == "Slack" || channel == "Teams" || channel == "email") continue;
      if (in_butler) continue;
      SCOPED_TRACE(channel);
      const auto one = channel == "webhook by GET" ? "&reason=" : reason_of(alert);
      EXPECT_THAT(text, HasSubstr(one));
    }
  }
  auto alert = alert_of(TransitionKind::vanished);
  EXPECT_EQ(reason_of(alert), "it was there and has been uninstalled");
  alert.reason = "error 1060";
  EXPECT_EQ(reason_of(alert), "error 1060");
  EXPECT_EQ(reason_of(alert_of(TransitionKind::started, Expected::stopped)),
            "it should be stopped");
  alert = alert_of(TransitionKind::stopped, Expected::stopped);
  EXPECT_EQ(reason_of(alert), "as expected");
  alert.reason = "exit code 1";
  EXPECT_EQ(reason_of(alert), "as expected, exit code 1");
}

TEST_F(Kinds, OfFlappingServicesSayFlappingInEveryStatus) {
  const auto alert = alert_of(TransitionKind::flapping);
  for (const auto& [channel, text] : messages(alert)) {
    SCOPED_TRACE(fmt::format("{}: {}", channel, text));
    for (const auto* field : {R"("serviceStatus":")", R"("currState":")", "servicestatus=",
                              "currstate=", R"("butler_serviceStatus":")", R"("state":")"}) {
      const auto at = text.find(field);
      if (at == std::string::npos) continue;
      EXPECT_THAT(text.substr(at + std::string_view(field).size()), StartsWith("FLAPPING"));
    }
    EXPECT_THAT(text, Not(HasSubstr("run/db1")));
  }
}

TEST_F(Kinds, AboutHostsHaveTheNameOfTheHost) {
  for (const auto& alert : alerts_of_all_kinds()) {
    if (!is_about_host(alert)) continue;
    SCOPED_TRACE(kind_word(alert));
    auto all = messages(alert);
    const std::string name = alert.host.text();
    EXPECT_THAT(all["webhook"], HasSubstr(R"("serviceDisplayName":")" + name + '"'));
    EXPECT_THAT(all["MQTT"], HasSubstr(R"("serviceDisplayName":")" + name + '"'));
    EXPECT_THAT(all["New Relic event"], HasSubstr(R"("butler_serviceDisplayName":")" + name + '"'));
    EXPECT_THAT(all["PagerDuty"], HasSubstr(R"("display_name":")" + name + '"'));
    EXPECT_THAT(all["Alertmanager"], HasSubstr(R"("display_name":")" + name + '"'));
    const std::string last = name == "db1" ? "/db1/host " : "/credential:svc/credential ";
    const bool is_well = is_resolved(alert) && alert.kind != TransitionKind::unmonitored;
    EXPECT_THAT(all["MQTT"], StartsWith((is_well ? "run" : "stop") + last));
  }
}

TEST_F(Kinds, ComeAfterTheNoticeInTextsForPeople) {
  auto alert = alert_of(TransitionKind::unreachable);
  alert.notice = "tocsin reaches <none> of its 40 hosts";
  auto all = messages(alert);
  const auto json = [&](const std::string& channel) { return nlohmann::json::parse(all[channel]); };
  const auto text = alert.notice + "\n" + title_of(alert);
  EXPECT_EQ(json("Slack")["text"], text);
  EXPECT_EQ(json("Slack")["blocks"][0]["text"]["text"], title_of(alert)) << "the headline";
  EXPECT_EQ(json("Slack")["blocks"][1]["text"]["text"], alert.notice);
  EXPECT_EQ(json("Slack, formatted")["text"], text);
  EXPECT_EQ(json("Slack, formatted")["blocks"][1]["text"]["text"], alert.notice);
  EXPECT_EQ(json("Teams")["attachments"][0]["content"]["body"][0]["inlines"][0]["text"],
            alert.notice);
  EXPECT_THAT(all["email"], HasSubstr("Subject: db1 can no longer be reached\r\n"));
  EXPECT_THAT(all["email"], HasSubstr("\r\n\r\n" + alert.notice + "\r\n"));
  EXPECT_THAT(all["email"], HasSubstr("<p>tocsin reaches &lt;none&gt; of its 40 hosts</p>"));
  EXPECT_EQ(json("ntfy")["message"], alert.notice + "\n" + sentence_about(alert));
  EXPECT_EQ(json("ntfy")["title"], title_of(alert));
  EXPECT_EQ(json("PagerDuty")["payload"]["custom_details"]["notice"], alert.notice);
  EXPECT_EQ(json("PagerDuty")["payload"]["summary"], sentence_about(alert));
  EXPECT_EQ(json("Alertmanager")[0]["annotations"]["notice"], alert.notice);
  EXPECT_THAT(json("New Relic log")[0]["logs"][0]["message"].get<std::string>(),
              StartsWith(alert.notice + "\n"));
}

TEST(Sections, AreButlersOnlyForWhatButlerMeans) {
  using enum TransitionKind;
  using config::AlertSection;
  EXPECT_EQ(section_of(alert_of(stopped)), AlertSection::stopped);
  EXPECT_EQ(section_of(alert_of(started)), AlertSection::started);
  EXPECT_EQ(section_of(alert_of(stopped, Expected::stopped)), AlertSection::other_resolved);
  EXPECT_EQ(section_of(alert_of(started, Expected::stopped)), AlertSection::other_firing);
  for (const auto kind : all_values<TransitionKind>()) {
    if (kind == stopped || kind == started) continue;
    const auto alert = alert_of(kind);
    EXPECT_EQ(section_of(alert),
              is_resolved(alert) ? AlertSection::other_resolved : AlertSection::other_firing);
  }
}

TEST(Sections, HaveARateLimitEach) {
  config::Slack settings;
  settings.stopped.rate_limit = std::chrono::seconds(1);
  settings.started.rate_limit = std::chrono::seconds(2);
  auto limits = rate_limits_of(settings);
  EXPECT_EQ(limits.of(alert_of(TransitionKind::stopped)), std::chrono::seconds(1));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::started)), std::chrono::seconds(2));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::unreachable)), std::chrono::seconds(1));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::paused)), std::chrono::seconds(1));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::reachable)), std::chrono::seconds(2));
  EXPECT_EQ(limits.longest(), std::chrono::seconds(2));
  settings.other_firing = settings.stopped;
  settings.other_firing->rate_limit = std::chrono::seconds(3);
  settings.other_resolved = settings.started;
  settings.other_resolved->rate_limit = std::chrono::seconds(4);
  limits = rate_limits_of(settings);
  EXPECT_EQ(limits.of(alert_of(TransitionKind::stopped)), std::chrono::seconds(1));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::unreachable)), std::chrono::seconds(3));
  EXPECT_EQ(limits.of(alert_of(TransitionKind::reachable)), std::chrono::seconds(4));
  EXPECT_EQ(limits.longest(), std::chrono::seconds(4));
}

}  // namespace
}  // namespace tocsin::notify
