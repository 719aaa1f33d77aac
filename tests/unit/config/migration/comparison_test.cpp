// What becomes of the keys of a file of Butler.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/section/section.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;

constexpr auto kButlerFile = R"(Butler:
  logLevel: info
  heartbeat: {enable: true, frequency: every 30 seconds}
  serviceMonitor:
    enable: true
    monitor:
      - host: one
        services: [{name: Spooler, friendlyName: Printing}]
      - host: two
        services: [{name: Spooler}, {name: Tapisrv, colour: red}]
    alertDestination:
      webhook: {enable: true}
      email: {enable: false}
  emailNotification:
    serviceStopped: {rateLimit: 60}
    smtp: {host: nowhere, tls: {requireTLS: true}}
  webhookNotification:
    enable: true
    reloadTaskFailure: {webhooks: [{webhookURL: x}]}
    serviceMonitor:
      webhooks:
        - {webhookURL: 'https://one.example', cert: {enable: false, certCA: nowhere}}
        - {webhookURL: 'https://two.example', httpMethod: GET}
)";

Comparison comparison_of(const std::string& text) {
  const auto loaded = parse(text, "t.yaml", "/etc/tocsin", windows_environment());
  return loaded.comparison.value_or(Comparison{});
}

std::vector<std::string> lines_of(const std::vector<KeyNote>& keys) {
  std::vector<std::string> lines;
  lines.reserve(keys.size());
  for (const auto& key : keys)
    lines.push_back(std::to_string(key.line) + " " + key.path +
                    (key.text.empty() ? "" : ": " + key.text));
  return lines;
}

TEST(Comparison, NamesTheTopmostSectionsThatAreUsed) {
  EXPECT_THAT(
      lines_of(comparison_of(kButlerFile).used),
      ElementsAre("2 logLevel", "5 serviceMonitor.enable", "7 serviceMonitor.monitor[].host",
                  "8 serviceMonitor.monitor[].services",
                  "10 serviceMonitor.monitor[].services[].name",
                  "12 serviceMonitor.alertDestination.webhook", "18 webhookNotification.enable",
                  "22 webhookNotification.serviceMonitor.webhooks[].webhookURL",
                  "23 webhookNotification.serviceMonitor.webhooks[].httpMethod"));
}

TEST(Comparison, NamesWhatIsNotUsedAndWhatIsSwitchedOff) {
  EXPECT_THAT(
      lines_of(comparison_of(kButlerFile).unused),
      ElementsAre("3 heartbeat", "10 serviceMonitor.monitor[].services[].colour",
                  "13 serviceMonitor.alertDestination.email: switched off",
                  "14 emailNotification: switched off", "19 webhookNotification.reloadTaskFailure",
                  "22 webhookNotification.serviceMonitor.webhooks[].cert: switched off"));
}

TEST(Comparison, SaysWhatIsDifferentOfKeysThatAreUsed) {
  const auto different = comparison_of(kButlerFile).different;
  std::vector<std::string> paths;
  paths.reserve(different.size());
  for (const auto& key : different) {
    paths.push_back(key.path);
    EXPECT_THAT(key.text, testing::EndsWith(".")) << key.path;
  }
  EXPECT_THAT(paths, ElementsAre("logLevel", "serviceMonitor", "serviceMonitor.monitor",
                                 "serviceMonitor.monitor[].host",
                                 "serviceMonitor.monitor[].services[].name",
                                 "serviceMonitor.alertDestination", "webhookNotification.enable",
                                 "webhookNotification.serviceMonitor.webhooks",
                                 "webhookNotification.serviceMonitor.webhooks[].httpMethod"));
}

std::vector<std::string> defaults_of(const std::string& text) {
  std::vector<std::string> paths;
  for (const auto& key : comparison_of(text).by_default) {
    paths.push_back(key.path);
    EXPECT_LE(key.text.size(), kLongestDifference) << key.text;
    EXPECT_THAT(key.text, testing::EndsWith(".")) << key.text;
  }
  return paths;
}

TEST(Comparison, NamesTheDefaultsThatButlerDoesNotHave) {
  const std::string begin =
      "Butler:\n"
      "  serviceMonitor:\n"
      "    monitor: [{host: one, services: [{name: Spooler}]}]\n";
  EXPECT_THAT(defaults_of(begin),
              ElementsAre("serviceMonitor.policy.bootGrace", "serviceMonitor.policy.flapping",
                          "serviceMonitor.policy.firstSight", ""));
  EXPECT_THAT(
      defaults_of(begin + "    policy: {bootGrace: 0}\n"
                          "    alertDestination: {mqtt: {enable: true}, ntfy: {enable: true}}\n"
                          "  ntfyNotification: {topic: t}\n"
                          "  mqttConfig: {brokerHost: b, serviceStoppedTopic: t}\n"),
      ElementsAre("serviceMonitor.policy.flapping", "serviceMonitor.policy.firstSight",
                  "serviceMonitor.grouping", "", ""));
}

TEST(Comparison, TellsAnAliasFromTheSectionThatItStandsFor) {
  const auto comparison = comparison_of(R"(Butler:
  serviceMonitor:
    monitor: [{host: one, services: [{name: Spooler}]}]
    alertDestination: {slack: {enable: true}, teams: {enable: false}}
  slackNotification: &chat
    serviceStopped: {webhookURL: 'https://chat.example'}
    serviceStarted: {webhookURL: 'https://chat.example'}
  teamsNotification: *chat
)");
  EXPECT_THAT(lines_of(comparison.used), testing::Contains("5 slackNotification"));
  EXPECT_THAT(lines_of(comparison.unused), testing::Contains("8 teamsNotification: switched off"));
}

TEST(Comparison, TakesThePlaceOfTheIgnoredKeysInTheFindings) {
  const auto loaded = parse(kButlerFile, "t.yaml", "/etc/tocsin", windows_environment());
  EXPECT_THAT(findings_of(loaded), ElementsAre("10:53: warning: unknown key `colour`"));
}

TEST(Comparison, IsMadeOfMistakenFilesToo) {
  const auto loaded = parse_sample("Butler:\n  heartbeat: {}\n");
  EXPECT_FALSE(loaded.config);
  ASSERT_TRUE(loaded.comparison);
  EXPECT_THAT(lines_of(loaded.comparison->unused), ElementsAre("2 heartbeat"));
}

TEST(Comparison, IsNotForFilesOfOurOwn) {
  EXPECT_FALSE(parse_sample(kSample).comparison);
  EXPECT_FALSE(parse_sample("Butler: [").comparison);
}

}  // namespace
}  // namespace tocsin::config
