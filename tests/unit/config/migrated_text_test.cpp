// The text of a migrated file.
#include <string>

#include <gmock/gmock.h>

#include "unit/config/migrate_test.h"

namespace tocsin::config {
namespace {

using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace tocsin::config
