#include "config/migrate.h"

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/migrate_test.h"

namespace tocsin::config {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Migrate, MeansTheSameInEachLayout) {
  expect_same(old_layout());
  expect_same(new_layout("1"));
  expect_same(new_layout("2"));
}

TEST(Migrate, MeansTheSameForFilesOfOurOwn) {
  const std::string url = "        - webhookURL: https://desk.example/hook?key=desk-s3cret";
  expect_same(sample_with({{14, url}}), Source::smb);
  expect_same(sample_with({{14, url},
                           {6, ""},
                           {7, ""},
                           {8, ""},
                           {5,
                            "    serviceSets: [{name: all, services: [{name: 'Qlik*'}]}]\n"
                            "    monitor:\n"
                            "      - {hosts: ['a[1-3]', b], sets: [all], source: smb}\n"
                            "      - {host: c, address: 10.0.0.1, sets: [all]}\n"
                            "      - {host: d, address: 10.0.0.1, sets: [all]}"}}),
              Source::smb);
}

TEST(Migrate, ChangesNothingTheSecondTime) {
  const auto first = migrate_sample(old_layout()).text;
  const auto second = migrate_sample(first).text;
  EXPECT_EQ(body_of(second), body_of(first));
  EXPECT_EQ(migrate_sample(second).text, migrate_sample(first).text);
  EXPECT_THAT(second, Not(HasSubstr("Unlike Butler")));
}

TEST(Migrate, WritesTheRateLimitThatButlerHasUnwritten) {
  const auto text = migrate_sample(R"(Butler:
  serviceMonitor:
    monitor: [{host: one, services: [{name: Spooler}]}]
    alertDestination: {webhook: {enable: true}, newRelic: {enable: true}, slack: {enable: true}}
  webhookNotification:
    serviceMonitor: {webhooks: [{webhookURL: 'https://desk.example/${env:PORT}'}]}
  slackNotification:
    serviceStopped: {rateLimit: 0, webhookURL: 'https://chat.example/${env:PORT}'}
  thirdPartyToolsCredentials:
    newRelic: [{accountName: A, insertApiKey: '${env:PORT}', accountId: 1}]
  incidentTool: {newRelic: {serviceMonitor: {destination: {event: {sendToAccount: [A]}}}}}
)")
                        .text;
  const auto loaded = load_sample(text);
  ASSERT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded)) << text;
  EXPECT_EQ(loaded.config->get<WebhookDestinations>().rate_limit, std::chrono::seconds(300));
  EXPECT_EQ(loaded.config->get<NewRelic>().rate_limit, std::chrono::seconds(300));
  EXPECT_EQ(loaded.config->get<Slack>().stopped.rate_limit, std::chrono::seconds(0));
  EXPECT_THAT(text, Not(HasSubstr("serviceStarted")));

  const auto own = migrate_sample(kSample, Source::smb).text;
  EXPECT_THAT(own, Not(HasSubstr("rateLimit")));
}

/// A good section of each kind of destination, by its id, with a place for more keys.
const std::map<std::string, std::string> kSections = {
    {"webhook",
     "webhookNotification: {MORE serviceMonitor: {webhooks: [{webhookURL: 'https://x'}]}}"},
    {"slack", "slackNotification: {MORE serviceStopped: {webhookURL: 'https://x'}}"},
    {"teams", "teamsNotification: {MORE serviceStopped: {webhookURL: 'https://x'}}"},
    {"email",
     "emailNotification: {MORE serviceStopped: {fromAddress: a@b.example, recipients: "
     "[a@b.example]}, smtp: {host: m}}"},
    {"mqtt", "mqttConfig: {MORE brokerHost: b, serviceStoppedTopic: t}"},
    {"influxDb", "influxDb: {MORE hostIP: h, INFLUX}"},
    {"newRelic",
     "incidentTool: {newRelic: {MORE serviceMonitor: {destination: {event: {sendToAccount: "
     "[A]}}}}}\n"
     "  thirdPartyToolsCredentials: {newRelic: [{accountName: A, insertApiKey: k, accountId: 1}]}"},
    {"pagerDuty", "pagerDutyNotification: {MORE routingKey: k}"},
    {"alertmanager", "alertmanagerNotification: {MORE servers: [{url: 'https://x'}]}"},
    {"ntfy", "ntfyNotification: {MORE topic: t}"}};

const std::vector<std::string> kInfluxLayouts = {
    "dbName: d, auth: {enable: false}, retentionPolicy: {name: 10d, duration: 10d}",
    "version: 1, v1Config: {dbName: d, instanceTag: DEV}",
    "version: 2, v2Config: {org: o, bucket: b, description: d, token: t}",
    "version: 3, v3Config: {database: d, description: d, token: t, writeTimeout: 10000}"};

/// All destinations are asked for; `off` is switched off in its section.
std::string file_of_all(const std::string& root, const std::string& off,
                        const std::string& influx) {
  std::string wanted;
  std::string sections;
  const auto replace = [](std::string& text, const std::string& what, const std::string& by) {
    if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), by);
  };
  for (const auto& [id, section] : kSections) {
    wanted += (wanted.empty() ? "" : ", ") + id + ": {enable: true}";
    auto text = "  " + section + "\n";
    replace(text, "MORE ", id == off ? "enable: false, " : "");
    replace(text, "INFLUX", influx);
    sections += text;
  }
  return root +
         ":\n  serviceMonitor:\n    monitor: [{host: one, services: [{name: Spooler}]}]\n    "
         "alertDestination: {" +
         wanted + "}\n" + sections;
}

/// With values for all variables that it names.
Loaded load_migrated(const Migrated& migrated) {
  auto environment = with_secrets(Source::scm);
  environment.variable = [](const auto& name) {
    return std::optional<std::string>(name.contains("URL") ? "https://x" : "x");
  };
  return parse(migrated.text, "new.yaml", "/etc/tocsin", environment);
}

TEST(Migrate, WritesAGoodFileWhicheverDestinationItsSectionSwitchesOff) {
  for (const auto& [off, section] : kSections) {
    for (const auto& influx : kInfluxLayouts) {
      for (const std::string root : {"Butler", "tocsin"}) {
        const auto text = file_of_all(root, off, influx);
        const auto old = load_sample(text);
        ASSERT_TRUE(old.config) << off << testing::PrintToString(findings_of(old));
        const auto migrated = migrate_sample(text);
        ASSERT_NE(migrated.text, "") << off << testing::PrintToString(migrated.findings.size());
        const auto fresh = load_migrated(migrated);
        ASSERT_TRUE(fresh.config) << off << testing::PrintToString(findings_of(fresh));
        for_each_destination(fresh.config->destinations,
                             [&]<DestinationSettings T>(const T& settings) {
                               EXPECT_EQ(settings.enabled, T::kType.id != off) << off << influx;
                             });
        EXPECT_THAT(findings_of(fresh), Not(testing::Contains(HasSubstr("unknown key"))));
      }
    }
  }
}

TEST(Migrate, LeavesOutWhatAFileOfButlerGoesWithout) {
  const std::string text =
      "Butler:\n"
      "  serviceMonitor:\n"
      "    monitor:\n"
      "      - {host: one, services: [{name: Spooler}, {name: spooler}, {name: W32Time}]}\n"
      "      - {host: 'two three', services: [{name: Spooler}]}\n"
      "    alertDestination: {email: {enable: true}, slack: {enable: true}, webhook: {enable: "
      "true}}\n"
      "  emailNotification:\n"
      "    serviceStopped: {fromAddress: a@b.example, recipients: [nobody, a@b.example]}\n"
      "    smtp: {host: m}\n"
      "  slackNotification: {serviceStopped: {channel: x}}\n"
      "  webhookNotification: {serviceMonitor: {webhooks: [{webhookURL: x}, {webhookURL: "
      "'https://x'}]}}\n";
  const auto migrated = migrate_sample(text);
  EXPECT_THAT(migrated.text, HasSubstr("line 10    slackNotification (left out for a mistake)"));
  EXPECT_THAT(migrated.text,
              HasSubstr("line 5     serviceMonitor.monitor[] (left out for a mistake)"));
  const auto fresh = load_migrated(migrated);
  ASSERT_TRUE(fresh.config) << testing::PrintToString(findings_of(fresh)) << migrated.text;
  ASSERT_EQ(fresh.config->hosts.size(), 1U);
  EXPECT_EQ(fresh.config->hosts[0].services.entries().size(), 2U);
  EXPECT_EQ(fresh.config->get<Email>().stopped.recipients.size(), 1U);
  EXPECT_FALSE(fresh.config->get<Slack>().enabled);
  EXPECT_EQ(fresh.config->get<WebhookDestinations>().webhooks.size(), 1U);
}

TEST(Migrate, JoinsAHostInTwoEntries) {
  const std::string text =
      "Butler:\n"
      "  serviceMonitor:\n"
      "    monitor:\n"
      "      - {host: 'node[1-3]', policy: {severity: warning}, services: [{name: Spooler}]}\n"
      "      - hosts: [NODE2, other]\n"
      "        frequency: every 5 minutes\n"
      "        policy: {repeatEvery: 1h}\n"
      "        services: [{name: spooler, friendlyName: B}, {name: W32Time, policy: {expected: "
      "stopped}}]\n"
      "    alertDestination: {ntfy: {enable: true}}\n"
      "  ntfyNotification: {topic: t}\n";
  const auto old = load_sample(text);
  ASSERT_TRUE(old.config) << testing::PrintToString(findings_of(old));
  const auto migrated = migrate_sample(text);
  const auto fresh = load_migrated(migrated);
  ASSERT_TRUE(fresh.config) << testing::PrintToString(findings_of(fresh)) << migrated.text;
  EXPECT_EQ(summary(fresh.config->hosts), summary(old.config->hosts));
  for (const auto& host : old.config->hosts) {
    const auto same = std::ranges::find(fresh.config->hosts, host.name, &Host::name);
    ASSERT_NE(same, fresh.config->hosts.end()) << host.name.text();
    EXPECT_EQ(same->services.entries(), host.services.entries()) << migrated.text;
    EXPECT_EQ(same->frequency.text(), host.frequency.text());
  }
}

TEST(Migrate, WritesNothingThatWouldBeRefused) {
  const auto migrated = migrate_sample(
      "Butler:\n"
      "  serviceMonitor:\n"
      "    credentials: [{name: main, username: u, password: '${env:PASSWORD}'}]\n"
      "    monitor: [{host: one, credentials: mian, source: smb, services: [{name: Spooler}]}]\n"
      "    alertDestination: {ntfy: {enable: true}}\n"
      "  ntfyNotification: {topic: t}\n",
      Source::smb);
  EXPECT_EQ(migrated.text, "");
  EXPECT_THAT(to_string(migrated.findings.back()),
              HasSubstr("error: nothing is migrated, because the new file would have a mistake: "
                        "there are no credentials `mian`"));
}

TEST(Migrate, WritesTheNameOfTodayForAFormerOne) {
  const auto old = sample_with({{2,
                                 "  serviceMonitor:\n"
                                 "    policy: {grace: {looks: 3}}\n"
                                 "    hostPolicy: {grace: {time: 1m, looks: 4}}"},
                                {7, "        policy: {grace: {looks: 5}}\n        services:"}});
  const auto text = migrate_sample(old, Source::smb).text;
  for (const std::string line : {"checks: 3\n", "checks: 4\n", "checks: 5\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("looks")));
}

TEST(Migrate, KeepsOneExpectedStateOrSome) {
  const auto old = sample_with({{2, "  serviceMonitor:\n    policy: {expected: paused}"},
                                {7,
                                 "        policy: {expected: [running, paused]}\n"
                                 "        services:"}});
  const auto text = migrate_sample(old, Source::smb).text;
  EXPECT_THAT(text, HasSubstr("expected: paused\n"));
  EXPECT_THAT(text, HasSubstr("expected:\n            - running\n            - paused\n"));
}

TEST(Migrate, WritesNothingOfAFileWithMistakes) {
  const auto migrated = migrate_sample(sample_with({{6, "      - host: node1\n        port: x"}}));
  EXPECT_EQ(migrated.text, "");
  ASSERT_FALSE(migrated.findings.empty());
  EXPECT_THAT(to_string(migrated.findings.front()), HasSubstr("old.yaml:7:15: error: `port`"));
  EXPECT_EQ(migrate_sample("Butler: [").text, "");
}

TEST(Migrate, RefusesSeveralFiles) {
  const kit::ScratchDirectory folder;
  std::ofstream(folder.path() / "more.yaml") << "tocsin: {logLevel: info}\n";
  const auto migrated = migrate_text(std::string(kSample) + "  include: [more.yaml]\n", "old.yaml",
                                     to_utf8(folder.path()), with_secrets(Source::smb));
  EXPECT_EQ(migrated.text, "");
  ASSERT_EQ(migrated.findings.size(), 1);
  EXPECT_EQ(to_string(migrated.findings[0]),
            "old.yaml: error: `include`: several files cannot be migrated; put all into one");
}

TEST(Migrate, ReadsFromTheDisk) {
  const kit::ScratchDirectory folder;
  const auto path = folder.path() / "butler.yaml";
  std::ofstream(path, std::ios::binary) << old_layout();
  const auto migrated = migrate(to_utf8(path), with_secrets(Source::scm));
  EXPECT_THAT(migrated.text, StartsWith("# Made from butler.yaml"));
  EXPECT_EQ(migrate(to_utf8(folder.path() / "nothing"), kSampleEnvironment).text, "");
}

}  // namespace
}  // namespace tocsin::config
