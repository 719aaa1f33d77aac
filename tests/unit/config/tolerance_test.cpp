// What a file of Butler may have wrong: one bad item costs itself and one warning, never the start.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/path.h"
#include "config/load.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// In a file of Butler it is good; in one of our own it is not. Answers what is said of the former.
std::vector<std::string> tolerated(const std::string& sections, const std::string& destinations,
                                   const std::string& hosts = "") {
  const auto strict = parse_sample(file_with("tocsin", sections, destinations, hosts));
  EXPECT_FALSE(strict.config) << sections << hosts;
  const auto loaded = parse_sample(file_with("Butler", sections, destinations, hosts));
  EXPECT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  EXPECT_EQ(loaded.config.value_or(Config{}).left_out == 0, false) << sections << hosts;
  return findings_of(loaded);
}

Config load_butler(const std::string& sections, const std::string& destinations,
                   const std::string& hosts = "") {
  const auto loaded = parse_sample(file_with("Butler", sections, destinations, hosts));
  EXPECT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  return loaded.config.value_or(Config{});
}

std::vector<std::string> names_of(const Watchlist& services) {
  std::vector<std::string> names;
  for (const auto& service : services.entries())
    names.push_back(service.pattern + (service.friendly_name.empty() ? "" : "=") +
                    service.friendly_name);
  return names;
}

TEST(Tolerance, GoesWithoutAnInvalidRecipient) {
  const std::string section =
      "  emailNotification:\n    serviceStopped:\n      fromAddress: a@b.example\n      "
      "recipients:\n        - ops@b.example\n        - nobody\n        - '${env:NOTHING}'\n        "
      "- [boss@b.example]\n        - boss@b.example\n    smtp: {host: mail}\n";
  EXPECT_THAT(tolerated(section, "email: {enable: true}"),
              ElementsAre(AllOf(StartsWith("14:11: warning: this entry of `recipients` is left "
                                           "out: `recipients`: `nobody` must be one address"),
                                HasSubstr(" this entry of `recipients` is left out: ")),
                          AllOf(StartsWith("15:11: warning: "), HasSubstr("NOTHING"),
                                HasSubstr(" this entry of `recipients` is left out: ")),
                          "16:11: warning: this entry of `recipients` is left out: `recipients` "
                          "must be a list of texts, but this is a list"));
  const auto config = load_butler(section, "email: {enable: true}");
  EXPECT_TRUE(config.get<Email>().enabled);
  EXPECT_THAT(config.get<Email>().stopped.recipients,
              ElementsAre(Mailbox{"", "ops@b.example"}, Mailbox{"", "boss@b.example"}));
}

TEST(Tolerance, JoinsTheServicesOfAHostInTwoEntries) {
  const std::string hosts =
      "      - {host: one, services: [{name: Spooler}, {name: W32Time}]}\n      - {host: two, "
      "services: [{name: Spooler}]}\n      - {hosts: [ONE, three], services: [{name: spooler}, "
      "{name: Tapisrv}]}\n";
  const auto loaded = parse_sample(file_with("Butler", "", "", hosts));
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(
      findings_of(loaded),
      testing::Contains(
          "9:18: warning: the host `ONE` appears twice, first in line 7; its services are joined"));
  ASSERT_EQ(loaded.config->hosts.size(), 3U);
  EXPECT_EQ(loaded.config->hosts[0].name.text(), "one");
  EXPECT_THAT(names_of(loaded.config->hosts[0].services),
              ElementsAre("Spooler", "W32Time", "Tapisrv"));
  EXPECT_THAT(names_of(loaded.config->hosts[2].services), ElementsAre("spooler", "Tapisrv"));
  EXPECT_FALSE(parse_sample(file_with("tocsin", "", "", hosts)).config);
}

TEST(Tolerance, LetsTheFirstEntryOfAHostCountWhereTheyDiffer) {
  const auto loaded = parse_sample(
      file_with("Butler", "", "webhook: {enable: false}",
                "      - {host: one, port: 4450, services: [{name: Spooler, friendlyName: A}]}\n   "
                "   - {host: one, services: [{name: W32Time}]}\n      - {host: one, port: 445, "
                "frequency: every 5 minutes, services: [{name: Spooler, friendlyName: B}]}\n"));
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(
      findings_of(loaded),
      testing::IsSupersetOf(
          {"8:16: warning: the host `one` appears twice, first in line 7; its services are joined",
           "9:16: warning: the host `one` appears twice, first in line 7; its services are joined, "
           "but line 7 says what holds for `port`, `frequency`, the service `Spooler`"}));
  ASSERT_EQ(loaded.config->hosts.size(), 1U);
  const auto& host = loaded.config->hosts[0];
  EXPECT_EQ(host.port, 4450);
  EXPECT_EQ(host.frequency.text(), "every 30 seconds");
  EXPECT_THAT(names_of(host.services), ElementsAre("Spooler=A", "W32Time"));
}

TEST(Tolerance, JoinsAHostInManyEntries) {
  std::string hosts;
  for (int i = 0; i < 20'000; i++)
    hosts += "      - {host: one, services: [{name: s" + std::to_string(i) + "}]}\n";
  EXPECT_EQ(load_butler("", "", hosts).hosts.at(0).services.entries().size(), 20'000U);
}

TEST(Tolerance, LetsTheFirstOfTwoServicesCount) {
  const std::string hosts =
      "      - host: one\n        services:\n          - {name: Spooler, friendlyName: A}\n        "
      "  - {name: spooler, friendlyName: B}\n          - {name: W32Time}\n";
  EXPECT_THAT(tolerated("", "", hosts),
              testing::Contains("10:20: warning: this entry of `services` is left out: the service "
                                "`spooler` appears twice on this host, first in line 9"));
  EXPECT_THAT(names_of(load_butler("", "", hosts).hosts.at(0).services),
              ElementsAre("Spooler=A", "W32Time"));
}

TEST(Tolerance, GoesWithoutAHostOrServiceWithMistakes) {
  const std::string hosts =
      "      - {host: one, services: [{name: Spooler}, W32Time, {friendlyName: Nameless}]}\n      "
      "- {host: 'two three', services: [{name: Spooler}]}\n      - four\n      - {host: five}\n";
  EXPECT_THAT(tolerated("", "", hosts),
              testing::IsSupersetOf(
                  {"7:49: warning: this entry of `services` is left out: `services` must be a list "
                   "of sections, but this is text: write `- name: W32Time`",
                   "7:58: warning: this entry of `services` is left out: the key `name` is missing",
                   "8:16: warning: this entry of `monitor` is left out: `host` must be a host name "
                   "or an address, without spaces and slashes",
                   "9:9: warning: this entry of `monitor` is left out: `monitor` must be a list of "
                   "sections, but this is text: write `- host: four`",
                   "10:9: warning: this entry of `monitor` is left out: the host needs `services` "
                   "or `sets`"}));
  const auto config = load_butler("", "", hosts);
  ASSERT_EQ(config.hosts.size(), 1U);
  EXPECT_THAT(names_of(config.hosts[0].services), ElementsAre("Spooler"));
  EXPECT_EQ(config.left_out, 5U);
}

const std::string kNewRelic =
    "  thirdPartyToolsCredentials:\n    newRelic:\n      - {accountName: A, insertApiKey: k, "
    "accountId: 1}\n      - {accountName: B, insertApiKey: k}\n  incidentTool:\n    newRelic:\n    "
    "  serviceMonitor:\n        destination: {event: {sendToAccount: [A, B, C]}}\n        "
    "sharedSettings:\n          header: [{name: X-A, value: v}, {name: 'X B', value: v}]\n         "
    " attribute: {static: [{name: a, value: b}, {value: c}]}\n";

TEST(Tolerance, GoesWithoutAWrongAccountOfNewRelicAndAnUnknownOne) {
  EXPECT_THAT(
      tolerated(kNewRelic, "newRelic: {enable: true}"),
      ElementsAre(
          "12:9: warning: this entry of `newRelic` is left out: the key `accountId` is missing",
          "16:53: warning: this entry of `sendToAccount` is left out: `sendToAccount` names `C`, "
          "which is no `accountName` of `thirdPartyToolsCredentials.newRelic`",
          "18:50: warning: this entry of `header` is left out: `name` must be the name of an HTTP "
          "header",
          "19:53: warning: this entry of `static` is left out: the key `name` is missing"));
  const auto relic = load_butler(kNewRelic, "newRelic: {enable: true}").get<NewRelic>();
  EXPECT_TRUE(relic.enabled);
  EXPECT_THAT(relic.labels(), ElementsAre("A"));
  EXPECT_THAT(relic.headers, ElementsAre(std::pair("X-A", "v")));
  EXPECT_EQ(relic.events.attributes.size(), 1U);
}

TEST(Tolerance, DoesNotAskAHostWithoutTheAccountThatItNames) {
  const auto loaded =
      parse_sample(file_with("Butler", "", "",
                             "      - {host: one, credentials: mian, services: [{name: "
                             "Spooler}]}\n      - {host: two, services: [{name: Spooler}]}\n"));
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(findings_of(loaded),
              testing::Contains("7:34: warning: the host stays UNKNOWN: there are no credentials "
                                "`mian`; did you mean `main`?"));
  const auto& hosts = loaded.config->hosts;
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[0].not_asked, "there are no credentials `mian`");
  EXPECT_FALSE(hosts[0].credentials);
  EXPECT_EQ(hosts[1].not_asked, "");
  EXPECT_EQ(hosts[1].credentials->name, "main");
}

TEST(Tolerance, AsksNoHostWithAnotherAccountThanTheFirst) {
  const auto loaded = parse_sample(
      "Butler:\n  serviceMonitor:\n    credentials:\n      - {name: first, username: u, password: "
      "'${env:NOTHING}'}\n      - {name: second, username: u, password: p}\n    monitor: [{host: "
      "one, services: [{name: Spooler}]}, {host: two, credentials: second, services: [{name: "
      "Spooler}]}]\n");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->hosts.at(0).not_asked, "the credentials `first` have a mistake");
  EXPECT_FALSE(loaded.config->hosts.at(0).credentials);
  EXPECT_EQ(loaded.config->hosts.at(1).credentials->name, "second");
}

struct Lacking {
  std::string id;
  std::string sections;
  std::string finding;
};

class LackingDestination : public testing::TestWithParam<Lacking> {};

/// Whether the destination with this id is on.
bool is_on(const Config& config, std::string_view id) {
  bool on = false;
  for_each_destination(config.destinations, [&]<DestinationSettings T>(const T& settings) {
    if (T::kType.id == id) on = settings.enabled;
  });
  return on;
}

TEST_P(LackingDestination, IsOffInAFileOfButler) {
  const auto destinations = GetParam().id + ": {enable: true}, ntfy: {enable: true}";
  const auto sections = GetParam().sections + "  ntfyNotification: {topic: t}\n";
  EXPECT_THAT(tolerated(sections, destinations), testing::Contains(GetParam().finding));
  const auto config = load_butler(sections, destinations);
  EXPECT_FALSE(is_on(config, GetParam().id));
  EXPECT_TRUE(is_on(config, "ntfy"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LackingDestination,
    testing::Values(
        Lacking{"slack", "  slackNotification:\n    serviceStopped: {channel: x}\n",
                "10:5: warning: nothing goes to Slack: the key `webhookURL` is missing"},
        Lacking{"slack", "  slackNotification: true\n",
                "9:22: warning: nothing goes to Slack: `slackNotification` must be a section, but "
                "this is text"},
        Lacking{"teams", "  teamsNotification:\n    serviceStarted: {webhookURL: hook}\n",
                "10:34: warning: nothing goes to Microsoft Teams: `webhookURL` must begin with "
                "http:// or https://"},
        Lacking{"email",
                "  emailNotification: {serviceStopped: {fromAddress: a@b.example, recipients: "
                "[a@b.example]}}\n",
                "9:3: warning: nothing goes to email: the key `smtp` is missing"},
        Lacking{"mqtt", "  mqttConfig: {serviceStoppedTopic: a}\n",
                "9:3: warning: nothing goes to MQTT: the key `brokerHost` is missing"},
        Lacking{"influxDb", "  influxDb: {hostIP: h}\n",
                "9:3: warning: nothing goes to InfluxDB: `dbName` is needed for version 1"},
        Lacking{"newRelic",
                "  incidentTool: {newRelic: {url: {event: nowhere}, serviceMonitor: {}}}\n",
                "9:42: warning: nothing goes to New Relic: `event` must begin with http:// or "
                "https://"},
        Lacking{"webhook", "  webhookNotification: {serviceMonitor: {rateLimit: often}}\n",
                "9:53: warning: nothing goes to webhooks: `rateLimit` must be a whole number from "
                "0 to 31622400, but this is `often`"},
        Lacking{"pagerDuty", "  pagerDutyNotification: {}\n",
                "9:3: warning: nothing goes to PagerDuty: the key `routingKey` is missing"},
        Lacking{"alertmanager", "  alertmanagerNotification: {servers: x}\n",
                "9:39: warning: nothing goes to Alertmanager: `servers` must be a list, but this "
                "is text"}));

TEST(Tolerance, TakesASwitchWithAMistakeForOff) {
  const std::string section = "  ntfyNotification: {topic: t}\n";
  const auto loaded = parse_sample(file_with("Butler", section, "ntfy: {enable: 'true'}"));
  ASSERT_TRUE(loaded.config);
  EXPECT_FALSE(loaded.config->get<Ntfy>().enabled);
  EXPECT_EQ(loaded.config->left_out, 1U);
  EXPECT_THAT(findings_of(loaded),
              testing::Contains("8:39: warning: nothing goes to ntfy: `enable` must be true or "
                                "false, but this is `true` in quotes, which make it a text"));
  EXPECT_FALSE(parse_sample(file_with("tocsin", section, "ntfy: {enable: 'true'}")).config);
}

TEST(Tolerance, IgnoresAKeyThatADestinationCannotHave) {
  const std::string section = "  pagerDutyNotification: {routingKey: k, grouping: {wait: 1s}}\n";
  const auto loaded = parse_sample(file_with("Butler", section, "pagerDuty: {enable: true}"));
  ASSERT_TRUE(loaded.config);
  EXPECT_TRUE(loaded.config->get<PagerDuty>().enabled);
  EXPECT_THAT(findings_of(loaded),
              ElementsAre(StartsWith("9:42: warning: the key is ignored: `grouping` is only for")));
}

TEST(Tolerance, GoesWithoutAWebhookWithAWrongUrl) {
  const std::string section =
      "  webhookNotification:\n    serviceMonitor:\n      webhooks:\n        - {webhookURL: "
      "'https://one.example'}\n        - {webhookURL: 'two'}\n        - {webhookURL: "
      "'https://three.example', cert: {enable: true, certCA: nowhere}}\n";
  EXPECT_THAT(
      tolerated(section, "webhook: {enable: true}"),
      ElementsAre(
          "13:24: warning: this entry of `webhooks` is left out: `webhookURL` must begin with "
          "http:// or https://",
          AllOf(StartsWith(
                    "14:78: warning: this entry of `webhooks` is left out: `certCA`: the file"),
                EndsWith("No such file or directory"))));
  EXPECT_EQ(
      load_butler(section, "webhook: {enable: true}").get<WebhookDestinations>().webhooks.size(),
      1U);
}

TEST(Tolerance, IsNoneForWhatIsInNoItem) {
  for (const std::string mistake :
       {"  logLevel: loud\n", "  dataDirectory: [a]\n", "  genericUrls: x\n"}) {
    const auto loaded = parse_sample(file_with("Butler", mistake));
    EXPECT_FALSE(loaded.config) << mistake;
    EXPECT_THAT(findings_of(loaded), testing::Contains(HasSubstr(": error: "))) << mistake;
  }
  EXPECT_FALSE(
      parse_sample("Butler:\n  serviceMonitor:\n    frequency: often\n    monitor: []\n").config);
}

TEST(Tolerance, KeepsWhatIsSwitchedOffATemplate) {
  const auto loaded = parse_sample(
      file_with("Butler", "  slackNotification: {serviceStopped: {webhookURL: <fill in>}}\n"));
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->left_out, 0U);
  EXPECT_THAT(findings_of(loaded), testing::Contains(EndsWith("http:// or https://")));
}

TEST(Tolerance, CountsNoMistakeInAPartThatIsSwitchedOff) {
  const std::string sections =
      "  influxDb: {hostIP: h, version: 1, v1Config: {dbName: d}, v3Config: {writeTimeout: long}}\n"
      "  webhookNotification: {serviceMonitor: {webhooks: [{webhookURL: 'https://x', cert: "
      "{enable: false, rejectUnauthorized: <true>}}]}}\n"
      "  slackNotification: {enable: false, serviceStopped: {webhookURL: <fill in>}}\n";
  for (const std::string root : {"tocsin", "Butler"}) {
    const auto loaded = parse_sample(
        file_with(root, sections,
                  "influxDb: {enable: true}, webhook: {enable: true}, slack: {enable: true}"));
    ASSERT_TRUE(loaded.config) << root;
    EXPECT_TRUE(loaded.config->get<InfluxDb>().enabled) << root;
    EXPECT_EQ(loaded.config->get<WebhookDestinations>().webhooks.size(), 1U) << root;
    EXPECT_FALSE(loaded.config->get<Slack>().enabled) << root;
    EXPECT_EQ(loaded.config->left_out, 0U) << root;
  }
}

TEST(Tolerance, LeavesOutARouteThatNamesNobody) {
  const auto loaded = parse_sample(
      "Butler:\n  serviceMonitor:\n    credentials: [{name: main, username: u, password: p}]\n    "
      "monitor: [{host: one, services: [{name: Spooler}]}]\n    alertDestination: {ntfy: {enable: "
      "true}}\n    routes:\n      - {name: first, to: [nfty]}\n      - {name: second, match: "
      "{severity: [loud]}, to: [ntfy]}\n      - {name: third, to: [ntfy, pager]}\n  "
      "ntfyNotification: {topic: t}\n");
  ASSERT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  EXPECT_THAT(findings_of(loaded),
              AllOf(testing::Contains(StartsWith("7:28: warning: a route that names nobody else is "
                                                 "left out: there is no destination `nfty`")),
                    testing::Contains(StartsWith("8:43: warning: this entry of `routes` is left "
                                                 "out: there is no severity `loud`"))));
  ASSERT_EQ(loaded.config->routes.size(), 1U);
  EXPECT_EQ(loaded.config->routes[0].name, "third");
  EXPECT_THAT(loaded.config->routes[0].to, ElementsAre("ntfy"));
}

TEST(Tolerance, IsInTheComparison) {
  const auto loaded = parse_sample(file_with(
      "Butler", "  slackNotification:\n    serviceStopped: {channel: x}\n", "slack: {enable: true}",
      "      - {host: one, services: [{name: Spooler}, {name: Spooler}, {}]}\n"));
  ASSERT_TRUE(loaded.comparison);
  std::map<std::string, std::string> unused;
  std::vector<int> lines;
  for (const auto& key : loaded.comparison->unused) {
    unused.emplace(key.path, key.text);
    lines.push_back(key.line);
  }
  EXPECT_EQ(unused, (std::map<std::string, std::string>{
                        {"serviceMonitor.alertDestination.slack", "switched off"},
                        {"serviceMonitor.monitor[].services[]", "left out for a mistake"},
                        {"slackNotification", "left out for a mistake"}}));
  EXPECT_THAT(lines, ElementsAre(7, 7, 8, 9));
}

}  // namespace
}  // namespace tocsin::config
