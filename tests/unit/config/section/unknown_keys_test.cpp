// Keys that we do not know, and values in a form that we do not know.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

/// In files of both kinds: what is said about sections that begin in line 11.
std::vector<std::string> said_of(const std::string& sections) {
  const std::map<int, std::string> lines = {{11, sections + "\n  webhookNotification:"}};
  auto own = findings_with(lines);
  auto of_butler = lines;
  of_butler[1] = "Butler:";
  auto in_theirs = findings_with(of_butler);
  const auto is_info = [](const std::string& line) { return line.contains(": info: "); };
  std::erase_if(in_theirs, is_info);  // the comparison has those
  EXPECT_EQ(in_theirs, [&] {
    auto without = own;
    std::erase_if(without, is_info);
    return without;
  }());
  return own;
}

TEST(UnknownKeys, OfDestinationsAreNamedWithTheNearest) {
  EXPECT_THAT(said_of("  mqttConfig: {user: tocsin}"),
              ElementsAre("11:16: warning: unknown key `user`; did you mean `username`?"));
  EXPECT_THAT(said_of("  emailNotification:\n    recipients: [ops@example.com]"),
              Contains("12:5: warning: unknown key `recipients`; did you mean "
                       "`serviceStopped.recipients`?"));
  EXPECT_THAT(said_of("  teamsNotification: {rateLimit: 60}"),
              ElementsAre("11:23: warning: unknown key `rateLimit`; did you mean "
                          "`serviceStopped.rateLimit`?"));
  EXPECT_THAT(said_of("  slackNotification: {colour: red}"),
              ElementsAre("11:23: warning: unknown key `colour`"));
  EXPECT_THAT(said_of("  influxDb: {host: x}"), Contains(HasSubstr("unknown key `host`")));
  EXPECT_THAT(said_of("  incidentTool: {newRelic: {rateLimit: 5}}"),
              Contains(HasSubstr("unknown key `rateLimit`")));
}

TEST(UnknownKeys, OfOtherFeaturesOfButlerAreOneLine) {
  EXPECT_THAT(
      findings_with({{11,
                      "  heartbeat: {}\n  mqttConfig: {taskFailureTopic: a, subscriptionRootTopic: "
                      "b, qlikSenseCloud: {}}\n  teamsNotification: {reloadTaskFailure: {}}\n"
                      "  incidentTool: {signl4: {}, newRelic: {destinationAccount: {}}}\n"
                      "  webhookNotification:"}}),
      ElementsAre("11:3: info: not used by this version: heartbeat, mqttConfig.taskFailureTopic, "
                  "mqttConfig.subscriptionRootTopic, mqttConfig.qlikSenseCloud, "
                  "teamsNotification.reloadTaskFailure, incidentTool.signl4, "
                  "incidentTool.newRelic.destinationAccount"));
}

TEST(UnknownKeys, AtTheTopAreSuggested) {
  for (const auto* name : {"butler", "Tocsin", "TOCSIN"}) {
    const auto meant = std::string(name) == "butler" ? "Butler:" : "tocsin:";
    EXPECT_THAT(
        findings_with({{1, std::string(name) + ":"}}),
        ElementsAre("1:1: error: `" + std::string(name) + ":` must be written `" + meant + "`"));
  }
}

TEST(Forms, OfEntriesThatAreTexts) {
  EXPECT_THAT(findings_with({{7, "        services: [Spooler]"}, {8, ""}}),
              ElementsAre("7:20: error: `services` must be a list of sections, but this is text: "
                          "write `- name: Spooler`"));
  EXPECT_THAT(findings_with({{7, "        services: Spooler"}, {8, ""}}),
              ElementsAre("7:19: error: `services` must be a list, but this is text: write `- "
                          "name: Spooler`"));
  EXPECT_THAT(findings_with({{5, "    monitor:\n      - node2"}}),
              ElementsAre("6:9: error: `monitor` must be a list of sections, but this is text: "
                          "write `- host: node2`"));
}

TEST(Forms, OfKeysWithoutABlank) {
  EXPECT_THAT(findings_with({{8, "          - name:Spooler"}}),
              ElementsAre("8:13: error: `services` must be a list of sections, but this is text: a "
                          "space is missing after `name:`"));
  EXPECT_THAT(findings_with({{8, "          - name:Spooler\n            friendlyName: Printing"}}),
              ElementsAre("8:13: error: not YAML: a space is missing after `name:`"));
  EXPECT_THAT(findings_with({{6, "      - host:node1"}}),
              ElementsAre("6:9: error: not YAML: a space is missing after `host:`"));
}

TEST(UnsetVariables, AreOneFindingEach) {
  const auto said = findings_with(
      {{10,
        "      webhook: {enable: true}\n      email: {enable: true}\n      mqtt: {enable: true}\n"
        "      slack: {enable: true}\n      influxDb: {enable: true}"},
       {11,
        R"(  emailNotification:
    serviceStopped: {fromAddress: '${env:A}', recipients: ['${env:B}']}
    smtp: {host: '${env:C}', tls: {requireTLS: true}, auth: {enable: true, user: '${env:D}', password: '${env:E}'}}
  mqttConfig: {brokerHost: b, username: '${env:F}', password: '${env:G}', tls: {enable: true}, serviceStoppedTopic: a}
  slackNotification:
    serviceStopped: {webhookURL: '${env:H}'}
    serviceStarted: {webhookURL: '${env:I}'}
  influxDb: {hostIP: '${env:J}', version: 2, v2Config: {org: o, bucket: b, token: '${env:K}'}}
  webhookNotification:)"}});
  for (const auto& line : said) EXPECT_THAT(line, EndsWith("is not set")) << line;
  EXPECT_THAT(said, testing::SizeIs(11));
}

TEST(Services, BehindOneThatMatchesAllCanNeverCount) {
  EXPECT_THAT(findings_with(
                  {{8, "          - name: '*'\n          - name: Spooler\n          - name: S*"}}),
              ElementsAre("9:19: warning: this entry has no effect: the one in line 8 comes before "
                          "it and matches all services",
                          "10:19: warning: this entry has no effect: the one in line 8 comes "
                          "before it and matches all services"));
  for (const auto* entry : {"{name: '*', startMode: automatic}", "{name: '*', exclude: [A]}"})
    EXPECT_THAT(
        findings_with({{8, std::string("          - ") + entry + "\n          - name: Spooler"}}),
        testing::IsEmpty());
}

}  // namespace
}  // namespace tocsin::config
