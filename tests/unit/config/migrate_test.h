// Files of Butler with secrets, and what is made of them.
#pragma once

#include <map>
#include <optional>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "config/migrate.h"
#include "unit/config/sample.h"
#include "unit/config/summary.h"

namespace tocsin::config {

/// What the old files below hold literally, by the variables that the new ones name.
inline const std::map<std::string, std::string> kSecrets = {
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

inline Environment with_secrets(Source source) {
  auto environment = kSampleEnvironment;
  environment.has_service_manager = source == Source::scm;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const auto found = kSecrets.find(name);
    return found == kSecrets.end() ? sample_variable(name) : found->second;
  };
  return environment;
}

inline Migrated migrate_sample(const std::string& text, Source source = Source::scm) {
  return migrate_text(text, "old.yaml", "/etc/tocsin", with_secrets(source));
}

inline Loaded load_sample(const std::string& text, Source source = Source::scm) {
  return parse(text, "t.yaml", "/etc/tocsin", with_secrets(source));
}

/// From `tocsin:` on, without comments that stand alone.
inline std::string body_of(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin != std::string::npos && line[begin] != '#') out += line + "\n";
  }
  return out;
}

inline constexpr auto kButler = R"(  logLevel: silly
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
inline std::string old_layout() {
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

inline std::string new_layout(const std::string& version) {
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
inline void expect_same(const std::string& text, Source source = Source::scm) {
  const auto old = load_sample(text, source);
  const auto migrated = migrate_sample(text, source);
  const auto fresh = load_sample(migrated.text, source);
  ASSERT_TRUE(old.config) << testing::PrintToString(findings_of(old));
  ASSERT_TRUE(fresh.config) << testing::PrintToString(findings_of(fresh)) << migrated.text;
  EXPECT_EQ(summary(*fresh.config), summary(*old.config));
  EXPECT_THAT(migrated.text, testing::StartsWith("# Made from old.yaml"));
  EXPECT_FALSE(fresh.comparison);
}

}  // namespace tocsin::config
