#include "config/migrate.h"

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"
#include "unit/config/summary.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// What the old files below hold literally, by the variables that the new ones name.
const std::map<std::string, std::string> kSecrets = {
    {"TOCSIN_WEBHOOK_NOTIFICATION_SERVICE_MONITOR_WEBHOOKS_1_WEBHOOK_URL",
     "https://desk.example/hook?key=desk-s3cret"},
    {"TOCSIN_SLACK_NOTIFICATION_SERVICE_STOPPED_WEBHOOK_URL", "https://slack.example/s3cret1"},
    {"TOCSIN_SLACK_NOTIFICATION_SERVICE_STARTED_WEBHOOK_URL", "https://slack.example/s3cret2"},
    {"TOCSIN_TEAMS_NOTIFICATION_SERVICE_STOPPED_WEBHOOK_URL", "https://teams.example/s3cret3"},
    {"TOCSIN_TEAMS_NOTIFICATION_SERVICE_STARTED_WEBHOOK_URL", "https://teams.example/s3cret4"},
    {"TOCSIN_EMAIL_NOTIFICATION_SMTP_AUTH_PASSWORD", "smtp-s3cret"},
    {"TOCSIN_INFLUX_DB_V1_CONFIG_AUTH_PASSWORD", "influx-s3cret"},
    {"TOCSIN_INFLUX_DB_V2_CONFIG_TOKEN", "token-s3cret"},
    {"TOCSIN_THIRD_PARTY_TOOLS_CREDENTIALS_NEW_RELIC_1_INSERT_API_KEY", "NRAK-s3cret"},
    {"TOCSIN_INCIDENT_TOOL_NEW_RELIC_SERVICE_MONITOR_SHARED_SETTINGS_HEADER_1_VALUE",
     "header-s3cret"},
    {"TOCSIN_USERNAME", "CORP\\tocsin"},
    {"TOCSIN_PASSWORD", "account-s3cret"}};

Environment with_secrets(Source source) {
  auto environment = kSampleEnvironment;
  environment.has_service_manager = source == Source::scm;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const auto found = kSecrets.find(name);
    return found == kSecrets.end() ? sample_variable(name) : found->second;
  };
  return environment;
}

Migrated migrate_sample(const std::string& text, Source source = Source::scm) {
  return migrate_text(text, "old.yaml", "/etc/tocsin", with_secrets(source));
}

Loaded load_sample(const std::string& text, Source source = Source::scm) {
  return parse(text, "t.yaml", "/etc/tocsin", with_secrets(source));
}

/// From `tocsin:` on, without comments that stand alone.
std::string body_of(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin != std::string::npos && line[begin] != '#') out += line + "\n";
  }
  return out;
}

constexpr auto kButler = R"(  logLevel: silly
  fileLogging: true
  logDirectory: C:\butler\log
  heartbeat: {enable: true, remoteURL: 'http://pulse.example'}
  serviceMonitor:
    enable: true
    frequency: every 20 seconds
    monitor:
      - host: node1.example
        services: &all
          - {name: Spooler, friendlyName: "Drucker\u00A0für 'alle' # 1"}
          - {name: 'MSSQL$*', friendlyName: 'Yes'}
      - {host: db, services: [{name: MSSQLSERVER, friendlyName: null}]}
      - {host: node2.example, services: *all}
      - {host: node3.example, services: *all}
    alertDestination:
      influxDb: {enable: true}
      newRelic: {enable: true}
      email: {enable: true}
      mqtt: {enable: true}
      teams: {enable: true}
      slack: {enable: true}
      webhook: {enable: true}
  genericUrls: [{id: '7', linkText: Runbook, comment: '', url: 'https://wiki.example/?a=b#c'}]
  thirdPartyToolsCredentials: {newRelic: [{accountName: Main, insertApiKey: NRAK-s3cret, accountId: 12}]}
  teamsNotification:
    enable: true
    reloadTaskFailure: {webhookURL: https://teams.example/s3cret5}
    serviceStopped: {webhookURL: 'https://teams.example/s3cret3', messageType: basic, rateLimit: 0}
    serviceStarted: {webhookURL: 'https://teams.example/s3cret4', templateFile: started.handlebars}
  slackNotification:
    enable: true
    serviceStopped:
      webhookURL: https://slack.example/s3cret1
      channel: '#ops'
      iconEmoji: ':bell:'
      basicMsgTemplate: |
        {{serviceName}}:
          stopped
    serviceStarted: {webhookURL: https://slack.example/s3cret2, fromUser: Qlik, rateLimit: 7}
  emailNotification:
    enable: true
    serviceStopped: {priority: high, subject: '❌ "{{serviceName}}"', FROM: Ops <a@b.example>, recipients: [c@b.example, On call <d@b.example>]}
    serviceStarted: {bodyFileDirectory: mails, htmlTemplateFile: up, FROM: a@b.example, recipients: [c@b.example]}
    smtp:
      host: mail.example
      port: 25
      secure: false
      tls: {serverName: real.example, ignoreTLS: false, requireTLS: true, rejectUnauthorized: true}
      auth: {enable: true, user: me, password: smtp-s3cret}
  webhookNotification:
    enable: true
    serviceMonitor:
      rateLimit: 15
      webhooks:
        - description: The desk
          webhookURL: https://desk.example/hook?key=desk-s3cret
          httpMethod: PUT
          cert: {enable: false, rejectUnauthorized: false, certCA: nowhere.pem}
        - {webhookURL: 'https://desk.example/${env:PORT}', httpMethod: GET}
  incidentTool:
    signl4: {enable: true}
    newRelic:
      enable: true
      url: {event: https://eu.example, log: https://eu.example/log}
      serviceMonitor:
        destination:
          event: {enable: true, sendToAccount: [Main], attribute: {static: [{name: a, value: 3.5}, {name: b, value: '4'}], dynamic: {serviceHost: true}}}
          log: {enable: false, sendToAccount: [Nobody]}
        monitorServiceState: {running: {enable: false}, stopped: {enable: true}}
        sharedSettings: {rateLimit: 9, header: [{name: X-A, value: header-s3cret}], attribute: {static: [{name: c, value: d}]}}
  mqttConfig:
    enable: true
    brokerHost: broker.example
    azureEventGrid: {enable: false, clientId: <id>, clientCertFile: <path>}
    taskFailureTopic: qlik/failed
    serviceRunningTopic: qlik/running
    serviceStoppedTopic: qlik/stopped
    serviceStatusTopic: qlik/status
  influxDb:
    enable: true
    hostIP: influx.example
    hostPort: 8086
    reloadTaskFailure: {enable: true}
    tag: {static: [{name: site, value: Malmö}]}
)";

/// As Butler wrote it before InfluxDB had versions.
std::string old_layout() {
  std::string text = std::string("Butler:\n") + kButler +
                     R"(    auth: {enable: true, username: me, password: influx-s3cret}
    dbName: butler
    instanceTag: PROD
    retentionPolicy: {name: 10d, duration: 10d}
)";
  for (auto at = text.find("FROM"); at != std::string::npos; at = text.find("FROM", at))
    text.replace(at, 4, "fromAdress");
  return text;
}

std::string new_layout(const std::string& version) {
  std::string text = std::string("Butler:\n") + kButler + "    version: " + version + R"(
    v1Config: {auth: {enable: false, username: me, password: nothing}, dbName: butler, instanceTag: DEV, retentionPolicy: {name: 10d, duration: 10d}}
    v2Config: {org: example, bucket: butler, description: Butler's, token: token-s3cret, retentionDuration: 10d}
    v3Config: {database: three, token: <token>, retentionDuration: 10d, writeTimeout: 10000, queryTimeout: 60000}
)";
  for (auto at = text.find("FROM"); at != std::string::npos; at = text.find("FROM", at))
    text.replace(at, 4, "fromAddress");
  return text;
}

/// The old text and what is made of it load to the same.
void expect_same(const std::string& text, Source source = Source::scm) {
  const auto old = load_sample(text, source);
  const auto migrated = migrate_sample(text, source);
  const auto fresh = load_sample(migrated.text, source);
  ASSERT_TRUE(old.config) << testing::PrintToString(findings_of(old));
  ASSERT_TRUE(fresh.config) << testing::PrintToString(findings_of(fresh)) << migrated.text;
  EXPECT_EQ(summary(*fresh.config), summary(*old.config));
  EXPECT_THAT(migrated.text, StartsWith("# Made from old.yaml"));
  EXPECT_FALSE(fresh.comparison);
}

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

TEST(Migrate, KeepsEveryText) {
  for (const std::string text :
       {"",      " a",    "a ",  "- a",    "-",        "-a",    "a: b",     "a:",      "a #b",
        "#a",    "*a",    "&a",  "!a",     "%a",       "@a",    "`a",       "'",       "''",
        "\\\"",  "{a}",   "[a",  "a\\tb",  "a\\nb\\n", "\\\\n", "true",     "Null",    "~",
        "12",    "0x1",   "? a", "---",    "...",      "ä",     "\\u0085a", "\\u2028", "\\uFEFF",
        "\\x07", "\\x7f", "🔔",  "$${env", "<<"}) {
    const auto old =
        sample_with({{8, "          - {name: Spooler, friendlyName: \"" + text + "\"}"}});
    const auto loaded = load_sample(old, Source::smb);
    ASSERT_TRUE(loaded.config) << text;
    const auto fresh = load_sample(migrate_sample(old, Source::smb).text, Source::smb);
    ASSERT_TRUE(fresh.config) << text << testing::PrintToString(findings_of(fresh));
    EXPECT_EQ(summary(fresh.config->hosts), summary(loaded.config->hosts)) << text;
  }
}

TEST(Migrate, PrintsNoSecret) {
  for (const auto& text : {old_layout(), new_layout("2")})
    EXPECT_THAT(migrate_sample(text).text, Not(HasSubstr("s3cret")));
}

TEST(Migrate, KeepsReferences) {
  const auto text =
      migrate_sample(
          sample_with({{14, "        - webhookURL: https://desk.example/${env:PASSWORD}\n"}}))
          .text;
  EXPECT_THAT(text, HasSubstr("password: '${env:PASSWORD}'"));
  EXPECT_THAT(text, Not(HasSubstr("Set these variables")));
  const auto mixed = migrate_sample(
      sample_with({{4, "      - {name: main, username: u, password: 'begin${env:PASSWORD}'}"}}));
  EXPECT_THAT(mixed.text, Not(HasSubstr("begin")));
}

TEST(Migrate, WritesAFileToReadAndToEdit) {
  const auto migrated = migrate_text(R"(Butler:
  heartbeat: {enable: true}
  serviceMonitor:
    frequency: 'every 10 seconds'
    monitor:
      - {host: node1, services: [{name: Spooler}]}
      - {host: node2, services: [{name: Spooler}]}
      - {host: other, services: [{name: Spooler, friendlyName: 'Printing: all'}]}
      - {host: node3, services: [{name: Spooler}]}
    alertDestination: {webhook: {enable: true}, mqtt: {enable: false}}
  mqttConfig: {enable: true, brokerHost: x}
  webhookNotification:
    serviceMonitor: {rateLimit: 30, webhooks: [{webhookURL: 'https://desk.example'}]}
)",
                                     "etc/butler.yaml", "etc", with_secrets(Source::smb));
  EXPECT_EQ(migrated.text, R"(# Made from butler.yaml by `tocsin migrate`, for the same folder.
#
# Secrets were not copied. Set these variables to what butler.yaml has in that line, or write
# ${file:PATH} in their place:
#   TOCSIN_WEBHOOK_NOTIFICATION_SERVICE_MONITOR_WEBHOOKS_1_WEBHOOK_URL, line 13
#
# The hosts are asked with the account of TOCSIN_USERNAME (DOMAIN\user) and TOCSIN_PASSWORD:
# set these variables, too.

tocsin:
  # Hosts and services to watch, and the destinations of their alerts.
  # Unlike Butler: States survive a restart, and a stopped service is one alert. Butler forgets them
  # and alerts again about every stopped service.
  serviceMonitor:
    # Unlike Butler: Checks of one host never overlap, and those of several are spread over time.
    # Butler asks all at once, and again while a check still runs.
    frequency: every 10 seconds
    # Accounts for logins to hosts.
    credentials:
      - name: monitoring
        username: ${env:TOCSIN_USERNAME}
        password: ${env:TOCSIN_PASSWORD}
    # Hosts to watch.
    # Unlike Butler: An unreachable host or a missing service does not affect others. Butler watches
    # nothing at all if it finds one when it starts.
    monitor:
      # Unlike Butler: On Windows tocsin asks as its own user, like Butler; elsewhere over the
      # network, with an account of `credentials` or its Kerberos ticket.
      - host: 'node[1-3]'
        # Services to watch on the host.
        services:
          # Unlike Butler: Case does not count, `*` and `?` make a pattern, and names with `$`,
          # `&` or `(` are watched too. Butler wants the exact case and watches none of those.
          - name: Spooler
      - host: other
        services:
          - name: Spooler
            friendlyName: 'Printing: all'
    # Destinations of alerts.
    # Unlike Butler: Failed notifications are retried for a week, even across restarts. Butler tries
    # once.
    alertDestination:
      # Sends to webhooks, as configured in `webhookNotification`.
      webhook:
        enable: true

  # Alerts as HTTP requests.
  webhookNotification:
    # Alerts about services.
    serviceMonitor:
      # Unlike Butler: Notifications within the limit wait; stops and starts have a limit each.
      # Butler drops them, counts both together, and with 0 sends one and never again.
      rateLimit: 30  # seconds
      # Receivers.
      # Unlike Butler: A webhook that fails delays no other, and each request has a time limit.
      # Butler skips the webhooks after it.
      webhooks:
        - webhookURL: ${env:TOCSIN_WEBHOOK_NOTIFICATION_SERVICE_MONITOR_WEBHOOKS_1_WEBHOOK_URL}

# Not taken over from butler.yaml:
#   line 2     heartbeat
#   line 10    serviceMonitor.alertDestination.mqtt (switched off)
#   line 11    mqttConfig (switched off)
)");
}

TEST(Migrate, AddsAnAccountWhereHostsAreAskedOverTheNetwork) {
  const auto linux = migrate_sample(old_layout(), Source::smb);
  const auto loaded = load_sample(linux.text, Source::smb);
  ASSERT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  EXPECT_EQ(loaded.config->hosts.at(0).credentials->username, "CORP\\tocsin");
  EXPECT_THAT(migrate_sample(old_layout()).text, Not(HasSubstr("credentials:\n")));
}

TEST(Migrate, KeepsAMonitorThatIsSwitchedOff) {
  const auto text = migrate_sample(sample_with({{2, "  serviceMonitor:\n    enable: false"}})).text;
  EXPECT_THAT(text, HasSubstr("enable: false"));
  EXPECT_THAT(text, HasSubstr("host: node1"));
}

TEST(Migrate, TakesTheLineEndsOfWindows) {
  std::string text = "\xEF\xBB\xBF" + old_layout();
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.insert(at, "\r");
  expect_same(text);
  EXPECT_EQ(migrate_sample(text).text, migrate_sample(old_layout()).text);
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
