// The keys that say when alerts share a notification, and how often they are sent.
#include "config/destinations/grouping.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// All destinations that have one of both keys, with these keys in `serviceMonitor` and in the
/// section of each.
std::string all_destinations(const std::string& root, const std::string& of_monitor,
                             const std::string& of_each) {
  const std::string chat =
      "serviceStopped: {webhookURL: 'https://chat.example'}, serviceStarted: "
      "{webhookURL: 'https://chat.example'}";
  return root + ":\n  serviceMonitor:\n    credentials: [{name: a, username: b, password: c}]\n" +
         "    monitor: [{host: h, services: [{name: s}]}]\n" + of_monitor +
         "    alertDestination: {slack: {enable: true}, teams: {enable: true}, email: {enable: "
         "true}, ntfy: {enable: true}, webhook: {enable: true}, newRelic: {enable: true}, "
         "pagerDuty: {enable: true}}\n"
         "  slackNotification: {" +
         chat + of_each + "}\n" + "  teamsNotification: {" + chat + of_each + "}\n" +
         "  emailNotification: {serviceStopped: {fromAddress: a@b.example, recipients: "
         "[a@b.example]}, smtp: {host: mail}" +
         of_each + "}\n" + "  ntfyNotification: {topic: t" + of_each + "}\n" +
         "  webhookNotification: {serviceMonitor: {webhooks: [{webhookURL: 'https://x'}]}}\n"
         "  thirdPartyToolsCredentials: {newRelic: [{accountName: A, insertApiKey: k, accountId: "
         "1}]}\n"
         "  incidentTool: {newRelic: {serviceMonitor: {destination: {event: {sendToAccount: "
         "[A]}}}}}\n"
         "  pagerDutyNotification: {routingKey: k}\n";
}

Config load_all(const std::string& root, const std::string& of_monitor = "",
                const std::string& of_each = "") {
  const auto loaded = parse_sample(all_destinations(root, of_monitor, of_each));
  EXPECT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  return loaded.config.value_or(Config{});
}

void expect_each(const Config& config, Grouping expected) {
  EXPECT_EQ(config.get<Slack>().grouping, expected);
  EXPECT_EQ(config.get<Teams>().grouping, expected);
  EXPECT_EQ(config.get<Email>().grouping, expected);
  EXPECT_EQ(config.get<Ntfy>().grouping, expected);
}

/// What is said of templates, where these keys stand in one section of Slack and one of email.
std::vector<std::string> notes_of(const std::string& slack, const std::string& email,
                                  const std::string& of_monitor = "") {
  const auto loaded = parse_sample(
      "tocsin:\n  serviceMonitor:\n    credentials: [{name: a, username: b, password: c}]\n" +
      of_monitor +
      "    monitor: [{host: h, services: [{name: s}]}]\n"
      "    alertDestination: {slack: {enable: true}, email: {enable: true}}\n"
      "  slackNotification: {serviceStopped: {webhookURL: 'https://chat.example'" +
      slack +
      "}, serviceStarted: {webhookURL: 'https://chat.example'}}\n"
      "  emailNotification: {serviceStopped: {fromAddress: a@b.example, recipients: "
      "[a@b.example]" +
      email + "}, smtp: {host: mail}}\n");
  std::vector<std::string> notes;
  for (const auto& finding : loaded.findings) {
    if (finding.severity == Severity::info)
      notes.push_back(std::to_string(finding.line) + ": " + finding.text);
  }
  return notes;
}

TEST(Grouping, AnOwnTemplateSaysThatItSwitchesGroupsOff) {
  const std::string rest =
      "` describes one service, so each alert is a separate message; add `groupTemplateFile` to "
      "group them";
  EXPECT_THAT(notes_of(", templateFile: a.handlebars", ", htmlTemplateFile: b"),
              ElementsAre("6: `templateFile" + rest, "7: `htmlTemplateFile" + rest));
  EXPECT_THAT(notes_of(", messageType: basic, basicMsgTemplate: a", ""),
              ElementsAre("6: `basicMsgTemplate" + rest));
}

TEST(Grouping, ATemplateThatSwitchesNothingOffSaysNothing) {
  EXPECT_THAT(notes_of(", templateFile: a.handlebars, groupTemplateFile: b.handlebars",
                       ", htmlTemplateFile: a, groupTemplateFile: b"),
              IsEmpty());
  EXPECT_THAT(notes_of(", basicMsgTemplate: the messages are formatted", ", subject: Hello"),
              IsEmpty());
  EXPECT_THAT(notes_of(", templateFile: ''", ", htmlTemplateFile: ''"), IsEmpty());
  EXPECT_THAT(notes_of(", templateFile: a.handlebars", "", "    grouping: {interval: 0}\n"),
              IsEmpty());
}

TEST(Grouping, IsOnWhereNobodyWroteIt) {
  for (const std::string root : {"tocsin", "Butler"}) {
    expect_each(load_all(root), {.wait = seconds(5), .interval = seconds(30)});
    EXPECT_TRUE(load_all(root).get<Slack>().grouping.is_on());
  }
}

TEST(Grouping, OfTheMonitorIsThatOfEachDestination) {
  for (const std::string root : {"tocsin", "Butler"})
    expect_each(load_all(root, "    grouping: {wait: 10s, interval: 5m}\n"),
                {.wait = seconds(10), .interval = seconds(300)});
}

TEST(Grouping, OfADestinationOverridesTheMonitorMemberByMember) {
  const std::string of_monitor = "    grouping: {wait: 10s, interval: 5m}\n";
  for (const std::string root : {"tocsin", "Butler"}) {
    expect_each(load_all(root, of_monitor, ", grouping: {wait: 1s}"),
                {.wait = seconds(1), .interval = seconds(300)});
    expect_each(load_all(root, of_monitor, ", grouping: {interval: 1h}"),
                {.wait = seconds(10), .interval = seconds(3600)});
  }
}

TEST(Grouping, IsOffWithAnIntervalOfZero) {
  const auto config = load_all("tocsin", "    grouping: {interval: 0}\n");
  EXPECT_FALSE(config.get<Email>().grouping.is_on());
  EXPECT_TRUE(load_all("tocsin", "    grouping: {wait: 0}\n").get<Email>().grouping.is_on());
}

TEST(Grouping, HasLimits) {
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    grouping: {wait: 61m, interval: 25h}"}}),
              ElementsAre("3:22: error: `wait` must be from 0 to 1h, but this is `61m`",
                          "3:37: error: `interval` must be from 0 to 1d, but this is `25h`"));
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    grouping: {wait: 1h, interval: 24h}"}}),
              IsEmpty());
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    grouping: 5s"}}),
              ElementsAre("3:15: error: `grouping` must be a section, but this is text"));
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    grouping: {wait: soon, every: 5s}"}}),
              ElementsAre("3:22: error: `wait`: expected a duration, such as `90s`, `5m`, `2h` or "
                          "`1d`",
                          HasSubstr("warning: unknown key `every`")));
}

TEST(Grouping, IsAnErrorWhereProgramsRead) {
  const std::string monitor =
      "tocsin:\n"
      "  serviceMonitor:\n"
      "    credentials: [{name: a, username: b, password: c}]\n"
      "    monitor: [{host: h, services: [{name: s}]}]\n"
      "    alertDestination: {";
  const auto say = [&](const std::string& id, const std::string& section) {
    return findings_of(parse_sample(monitor + id + ": {enable: true}}\n  " + section + "\n"));
  };
  const auto refused =
      ElementsAre(HasSubstr("error: `grouping` is only for destinations that people read; remove "
                            "it: programs get each alert separately"));
  const std::string key = "grouping: {wait: 1s}";
  EXPECT_THAT(say("webhook", "webhookNotification: {" + key +
                                 ", serviceMonitor: {webhooks: "
                                 "[{webhookURL: 'https://x'}]}}"),
              ElementsAre(HasSubstr("error: `grouping` is only for destinations that people read; "
                                    "write it in each webhook with a `body` for people")));
  EXPECT_THAT(say("pagerDuty", "pagerDutyNotification: {routingKey: k, " + key + "}"), refused);
  EXPECT_THAT(
      say("alertmanager", "alertmanagerNotification: {servers: [{url: 'http://h'}], " + key + "}"),
      refused);
  EXPECT_THAT(say("mqtt",
                  "mqttConfig: {brokerHost: h, serviceStoppedTopic: a, "
                  "serviceRunningTopic: b, " +
                      key + "}"),
              refused);
  EXPECT_THAT(say("influxDb", "influxDb: {hostIP: h, hostPort: 8086, dbName: d, " + key + "}"),
              refused);
  EXPECT_THAT(
      say("newRelic", "incidentTool: {newRelic: {" + key +
                          ", serviceMonitor: {destination: {event: {sendToAccount: [A]}}}}}\n"
                          "  thirdPartyToolsCredentials: {newRelic: [{accountName: A, "
                          "insertApiKey: k, accountId: 1}]}"),
      refused);
}

/// Of all destinations that have one.
std::vector<std::chrono::seconds> rate_limits(const Config& config) {
  return {config.get<Slack>().stopped.rate_limit, config.get<Slack>().started.rate_limit,
          config.get<Teams>().stopped.rate_limit, config.get<Teams>().started.rate_limit,
          config.get<Email>().stopped.rate_limit, config.get<Email>().started.rate_limit,
          config.get<Ntfy>().rate_limit,          config.get<WebhookDestinations>().rate_limit,
          config.get<NewRelic>().rate_limit,      config.get<PagerDuty>().rate_limit};
}

TEST(RateLimit, ThatNobodyWroteIsButlersInAFileOfButlerAndNoneInOurOwn) {
  EXPECT_THAT(rate_limits(load_all("Butler")), testing::Each(seconds(300)));
  EXPECT_THAT(rate_limits(load_all("tocsin")), testing::Each(seconds(0)));
}

TEST(RateLimit, OfZeroIsRemarkedWhereButlerMeansSomethingElse) {
  const auto say = [](const std::string& root) {
    return findings_of(parse_sample(
        root +
        ":\n  serviceMonitor:\n    credentials: [{name: a, username: b, password: c}]\n"
        "    monitor: [{host: h, services: [{name: s}]}]\n"
        "    alertDestination: {webhook: {enable: true}}\n"
        "  webhookNotification: {serviceMonitor: {rateLimit: 0, webhooks: [{webhookURL: "
        "'https://x'}]}}\n"));
  };
  EXPECT_THAT(say("tocsin"), IsEmpty());
  EXPECT_THAT(say("Butler"), ElementsAre("6:53: info: `rateLimit` 0 means no limit; Butler sends "
                                         "one alert and never again"));
}

}  // namespace
}  // namespace tocsin::config
