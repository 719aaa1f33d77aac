// Every mistake that a file can hold, with the line, the column and the sentence that names it
// in.
#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

struct Mistake {
  std::map<int, std::string> lines;  ///< of the sample, replaced
  std::vector<std::string> findings;
};

std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
  for (const auto& [number, text] : mistake.lines) out << number << ": " << text << "\n";
  return out;
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReportedWithLineAndColumn) {
  const auto loaded = parse_sample(sample_with(GetParam().lines));
  auto expected = GetParam().findings;
  std::ranges::transform(expected, expected.begin(), with_slashes);
  EXPECT_THAT(findings_of(loaded), testing::ElementsAreArray(expected));
  const bool has_error = std::ranges::any_of(
      loaded.findings, [](const Finding& finding) { return finding.severity == Severity::error; });
  EXPECT_EQ(loaded.config.has_value(), !has_error);
}

Mistake mistake(int line, std::string text, std::string finding) {
  return {{{line, std::move(text)}}, {std::move(finding)}};
}

TEST(Sample, IsRight) { EXPECT_THAT(findings_of(parse_sample(kSample)), testing::IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(
    Keys, Mistakes,
    testing::Values(
        mistake(6, "      - hsot: node1\n        host: node2",
                "6:9: warning: unknown key `hsot`; did you mean `host`?"),
        mistake(6, "      - host: node1\n        Port: 1",
                "7:9: warning: unknown key `Port`; did you mean `port`?"),
        mistake(6, "      - host: node1\n        colour: red",
                "7:9: warning: unknown key `colour`"),
        mistake(6, "      - address: node1", "6:9: error: the key `host` is missing"),
        mistake(6, "      - host:", "6:9: error: `host` is empty"),
        mistake(6, "      - host: [node1]",
                "6:15: error: `host` must be one value, but this is a list"),
        mistake(
            6, "      - node1\n      - host: node1",
            "6:9: error: `monitor` must be a list of sections, but this is text: write `- host: "
            "node1`"),
        mistake(10, "      webhok: {enable: true}\n      webhook: {enable: true}",
                "10:7: warning: unknown key `webhok`; did you mean `webhook`?"),
        mistake(11, "  webhookNotification:\n    enabel: true",
                "12:5: warning: unknown key `enabel`; did you mean `enable`?"),
        mistake(11, "  serviceMonitr: {}\n  webhookNotification:",
                "11:3: warning: unknown key `serviceMonitr`; did you mean `serviceMonitor`?"),
        Mistake{{{1, "tocsin:\n  startupTask: {}\n  heartbeat: {}"},
                 {11, "  webhookNotification:\n    reloadTaskFailure: {}"}},
                {"2:3: info: not used by this version: startupTask, heartbeat, "
                 "webhookNotification.reloadTaskFailure"}},
        mistake(6, "      - host: node1\n        host: node2",
                "7:9: error: the key `host` appears twice in one section")));

INSTANTIATE_TEST_SUITE_P(
    Monitor, Mistakes,
    testing::Values(
        mistake(2, "  serviceMonitor:\n    enable: yes",
                "3:13: error: `enable` must be true or false, but this is `yes`"),
        mistake(2, "  serviceMonitor:\n    enable: 'true'",
                "3:13: error: `enable` must be true or false, but this is `true` in quotes, which "
                "make it a text"),
        mistake(2, "  serviceMonitor:\n    frequency: every 30 secnds",
                "3:25: error: `frequency`: expected seconds, minutes, hours, days, weeks, "
                "months or years, such as `every 30 seconds`"),
        mistake(2, "  serviceMonitor:\n    frequency: on the 31st day of february",
                "3:16: error: `frequency`: expected a time in the future: this is never due"),
        mistake(2, "  serviceMonitor:\n    frequency: '* 24 * * *'",
                "3:19: error: `frequency`: expected a number from 0 to 23, for the hour"),
        mistake(2, "  serviceMonitor:\n    frequency: 'every -5 seconds'",
                "3:23: error: `frequency`: expected a whole number, such as `every 30 seconds`"),
        mistake(2, "  serviceMonitor:\n    frequency: every 0 seconds",
                "3:22: error: `frequency`: expected a number of at least 1"),
        mistake(2, "  serviceMonitor:\n    frequency: every 5 minutes at 25:00",
                "3:35: error: `frequency`: expected an hour from 0 to 23"),
        mistake(2, "  serviceMonitor:\n    timeZone: Europe/Stokholm",
                "3:15: error: `timeZone`: there is no time zone `Europe/Stokholm`"),
        mistake(6, "      - host: node1\n        frequency: every 0 minutes",
                "7:26: error: `frequency`: expected a number of at least 1"),
        mistake(6, "      - host: node1\n        timeZone: Mars/Base",
                "7:19: error: `timeZone`: there is no time zone `Mars/Base`"),
        mistake(2, "  serviceMonitor:\n    frequency: 30",
                "3:16: error: `frequency`: expected `every`, `at` or `on`, such as "
                "`every 30 seconds`"),
        mistake(2, "  serviceMonitor:\n    frequency: every 90 seconds",
                "3:16: warning: `frequency`: `every 90 seconds` is due once per minute, because "
                "steps count within each minute"),
        Mistake{
            {{2, "  serviceMonitor:\n    enable: false"}, {8, "          - colour: red"}},
            {"3:13: warning: `serviceMonitor` is switched off: nothing is watched",
             "9:13: warning: the key `name` is missing", "9:13: warning: unknown key `colour`"}},
        Mistake{{{5, "    monitor: []"}, {6, ""}, {7, ""}, {8, ""}},
                {"5:14: error: `monitor` must have at least one entry"}},
        Mistake{{{5, ""}, {6, ""}, {7, ""}, {8, ""}}, {"2:3: error: the key `monitor` is missing"}},
        mistake(6, "      - host: ''", "6:15: error: `host` must not be empty"),
        mistake(
            6, "      - host: \\\\node1",
            "6:15: error: `host` must be a host name or an address, without spaces and slashes"),
        Mistake{
            {{8, "          - name: Spooler\n      - host: NODE1\n        services: [{name: a}]"}},
            {"9:15: error: the host `NODE1` appears twice, first in line 6"}},
        mistake(6, "      - host: node1\n        port: 0",
                "7:15: error: `port` must be a whole number from 1 to 65535, but this is `0`"),
        mistake(6, "      - host: node1\n        port: 65536",
                "7:15: error: `port` must be a whole number from 1 to 65535, but this is `65536`"),
        mistake(6, "      - host: node1\n        port: 4.5",
                "7:15: error: `port` must be a whole number from 1 to 65535, but this is `4.5`"),
        mistake(6, "      - host: node1\n        source: wmi",
                "7:17: error: `source` must be one of smb, scm, but this is `wmi`"),
        mistake(6, "      - host: node1\n        source: winrm",
                "7:17: error: `source` must be one of smb, scm, but this is `winrm`"),
        mistake(6, "      - host: node1\n        source: scm",
                "7:17: error: `scm` works only where tocsin runs on Windows; write `smb`"),
        Mistake{{{7, "        services: []"}, {8, ""}},
                {"7:19: error: `services` must have at least one entry"}},
        Mistake{{{7, "        services:"}, {8, ""}}, {"7:9: error: `services` is empty"}},
        mistake(8, "          - name: Spooler\n          - name: SPOOLER",
                "9:19: error: the service `SPOOLER` appears twice on this host, first in line 8"),
        mistake(8, "          - name: Spooler\n            exclude: [a]",
                "9:13: warning: `exclude` has no effect: `name` has no `*` or `?`"),
        mistake(8, "          - name: S*\n            exclude: [a, {}]",
                "9:26: error: `exclude` must be a list of texts, but this is a section")));

INSTANTIATE_TEST_SUITE_P(
    Accounts, Mistakes,
    testing::Values(
        Mistake{{{3, ""}, {4, ""}},
                {"3:5: error: hosts are asked over SMB, which needs an account: add `credentials: "
                 "[{name: monitoring, username: 'DOMAIN\\user', password: "
                 "'${env:TOCSIN_PASSWORD}'}]` to `serviceMonitor`, or give the process a Kerberos "
                 "ticket (KRB5CCNAME or KRB5_CLIENT_KTNAME)"}},
        Mistake{{{3, "    credentials: []"}, {4, ""}},
                {"4:5: error: hosts are asked over SMB, which needs an account: add `credentials: "
                 "[{name: monitoring, username: 'DOMAIN\\user', password: "
                 "'${env:TOCSIN_PASSWORD}'}]` to `serviceMonitor`, or give the process a Kerberos "
                 "ticket (KRB5CCNAME or KRB5_CLIENT_KTNAME)"}},
        mistake(6, "      - host: node1\n        credentials: mian",
                "7:22: error: there are no credentials `mian`; did you mean `main`?"),
        mistake(6, "      - host: node1\n        credentials: other-account",
                "7:22: error: there are no credentials `other-account`"),
        mistake(4,
                "      - {name: main, username: u, password: p}\n"
                "      - {name: main, username: u, password: p}",
                "5:16: error: the credentials `main` appear twice, first in line 4"),
        mistake(4, "      - {name: main, username: '', password: p}",
                "4:32: error: `username` must not be empty"),
        mistake(4, "      - {name: main, username: u}",
                "4:9: error: the key `password` is missing"),
        mistake(4, "      - {name: main, username: u, password: p, keytab: k}",
                "4:9: error: an account has either `password` or `keytab`; remove one"),
        mistake(4, "      - {name: main, keytab: k, authentication: ntlm}",
                "4:9: error: `authentication: ntlm` needs `username` and `password`"),
        mistake(4, "      - {name: main, username: u, authentication: kerberos}",
                "4:9: error: the key `password` is missing"),
        mistake(4, "      - {name: main, username: u, password: }",
                "4:35: error: `password` is empty"),
        mistake(4, "      - {name: main, username: u, password: ''}",
                "4:45: error: `password` must not be empty"),
        mistake(4, "      - {name: main, username: u, password: [hunter2]}",
                "4:45: error: `password` must be one value, but this is a list"),
        mistake(4, "      - {name: main, username: u, password: '${env:NOPE}'}",
                "4:45: error: the environment variable `NOPE` is not set"),
        mistake(4, "      - {name: main, username: u, password: '${file:/nonexistent}'}",
                "4:45: error: the file `/nonexistent` cannot be read: No such file or directory")));

constexpr auto kCertificate =
    "        - webhookURL: https://desk.example/hook\n"
    "          cert: ";

INSTANTIATE_TEST_SUITE_P(
    Webhooks, Mistakes,
    testing::Values(
        mistake(14, "        - webhookURL: ftp://user:hunter2@desk/",
                "14:23: error: `webhookURL` must begin with http:// or https://"),
        mistake(14, "        - description: desk", "14:11: error: the key `webhookURL` is missing"),
        mistake(14, "        - webhookURL: https://desk/\n          httpMethod: HEAD",
                "15:23: error: `httpMethod` must be one of GET, POST, PUT, PATCH, DELETE, but this "
                "is `HEAD`"),
        mistake(14, std::string(kCertificate) + "{enable: true}",
                "15:11: error: `cert` is enabled, so `certCA` must name a file"),
        mistake(
            14, std::string(kCertificate) + "{enable: true, certCA: ca.pem}",
            "15:40: error: `certCA`: the file `/etc/tocsin/ca.pem` cannot be read: No such file "
            "or directory"),
        mistake(14, std::string(kCertificate) + "{enable: true, certCA: /etc}",
                "15:40: error: `certCA`: the file `/etc` cannot be read: Is a directory"),
        mistake(14, std::string(kCertificate) + "{enable: true, rejectUnauthorized: false}",
                "15:52: warning: `rejectUnauthorized` is false: anyone on the network path can "
                "read alerts and pose as the receiver"),
        mistake(13, "      rateLimit: -1\n      webhooks:",
                "13:18: error: `rateLimit` must be a whole number from 0 to 31622400, but this is "
                "`-1`"),
        mistake(13, "      rateLimit: 99999999999999999999\n      webhooks:",
                "13:18: error: `rateLimit` must be a whole number from 0 to 31622400, but this is "
                "`99999999999999999999`"),
        mistake(13, "      rateLimit: 5m\n      webhooks:",
                "13:18: error: `rateLimit` must be a whole number from 0 to 31622400, but this is "
                "`5m`"),
        Mistake{{{13, "      webhooks: []"}, {14, ""}},
                {"12:5: warning: webhooks are enabled, but there are none"}},
        mistake(11, "  webhookNotification:\n    enable: false",
                "12:13: warning: `enable` is false, so nothing goes to webhooks, although "
                "`alertDestination` enables it"),
        // What is switched off may be a template.
        Mistake{{{10, ""}, {14, "        - webhookURL: http://host.my.domain:port/some/path"}},
                {"2:3: warning: no destination gets alerts: `alertDestination` enables none",
                 "13:23: warning: `webhookURL` must have a port from 1 to 65535 after its host "
                 "name"}}));

INSTANTIATE_TEST_SUITE_P(
    OtherDestinations, Mistakes,
    testing::Values(
        mistake(10, "      webhook: {enable: true}\n      mqtt: {enable: true}",
                "11:22: warning: nothing goes to MQTT: the section `mqttConfig` is missing"),
        mistake(10,
                "      webhook: {enable: true}\n      mqtt: {enable: true}\n"
                "  mqttConfig: {enable: false}",
                "12:24: warning: `enable` is false, so nothing goes to MQTT, although "
                "`alertDestination` enables it")));

INSTANTIATE_TEST_SUITE_P(
    Other, Mistakes,
    testing::Values(
        mistake(1, "tocsin:\n  logLevel: loud",
                "2:13: error: `logLevel` must be one of silly, debug, verbose, info, warn, error, "
                "but this is `loud`"),
        mistake(1, "tocsin:\n  fileLogging: on",
                "2:16: error: `fileLogging` must be true or false, but this is `on`"),
        mistake(1, "tocsin:\n  dataDirectory: [a]",
                "2:18: error: `dataDirectory` must be one value, but this is a list"),
        mistake(1,
                "tocsn:", "1:1: error: no `Butler:` or `tocsin:` at the left margin of the file"),
        mistake(1, "Butler: {}\ntocsin:",
                "1:1: error: the file has both `Butler:` and `tocsin:`; remove one")));

TEST(Mistakes, OnWindowsHostsNeedNoAccount) {
  const auto text = sample_with({{3, ""}, {4, ""}, {6, "      - host: ."}});
  const auto loaded = parse(text, "t.yaml", "", windows_environment());
  EXPECT_THAT(findings_of(loaded), testing::IsEmpty());
  EXPECT_EQ(loaded.config->hosts.at(0).source, Source::scm);
  EXPECT_EQ(loaded.config->hosts.at(0).address, ".");
}

TEST(Mistakes, OnWindowsAnAccountIsForSmbOnly) {
  const auto loaded = parse(sample_with({{3, ""},
                                         {4, ""},
                                         {6,
                                          "      - host: node1\n"
                                          "        source: smb"}}),
                            "t.yaml", "", windows_environment());
  EXPECT_THAT(findings_of(loaded), testing::ElementsAre(testing::HasSubstr("needs an account")));
  EXPECT_THAT(
      findings_of(parse(sample_with({{6,
                                      "      - host: node1\n        credentials: main\n"
                                      "        port: 445"}}),
                        "t.yaml", "", windows_environment())),
      testing::ElementsAre("7:22: warning: `credentials` has no effect with `source: scm`, which "
                           "uses the account that tocsin runs as; to use it, write `source: smb`",
                           "8:15: warning: `port` has no effect with `source: scm`"));
}

TEST(Mistakes, OfAllLinesAreReportedAtOnce) {
  const auto loaded =
      parse_sample(sample_with({{4, "      - {name: main, username: u, password: '${env:NOPE}'}"},
                                {6, "      - host: node1\n        port: none"},
                                {8, "          - nam: Spooler"},
                                {14, "        - webhookURL: desk.example"}}));
  EXPECT_THAT(findings_of(loaded),
              testing::ElementsAre(
                  "4:45: error: the environment variable `NOPE` is not set",
                  "7:15: error: `port` must be a whole number from 1 to 65535, but this is `none`",
                  "9:13: error: the key `name` is missing",
                  "9:13: warning: unknown key `nam`; did you mean `name`?",
                  "15:23: error: `webhookURL` must begin with http:// or https://"));
}

TEST(Mistakes, BeyondTheFirstHundredsAreCounted) {
  std::string hosts;
  for (int i = 0; i < 1000; i++) hosts += "      - {}\n";
  const auto loaded = parse_sample(sample_with({{6, hosts}, {7, ""}, {8, ""}}));
  EXPECT_EQ(loaded.findings.size(), 201);
  EXPECT_EQ(findings_of(loaded).front(), "6:9: error: the key `host` is missing");
  EXPECT_EQ(to_string(loaded.findings.back()),
            "t.yaml: error: 1800 more of this kind are not shown");
}

TEST(Mistakes, NeverShowASecret) {
  for (const auto* value : {"hunter2", "*hunter2", "!hunter2 x", "&hunter2", "@hunter2", "%hunter2",
                            "[hunter2", "{hunter2: x}", "'hunter2", "\"\\hunter2\"", "| hunter2",
                            "hunter2: x", "'${file:hunter2'", "[hunter2]"}) {
    for (const auto line : {4, 14}) {
      const std::string start = line == 4
                                    ? "      - name: main\n        username: u\n        password: "
                                    : "        - webhookURL: ";
      const auto loaded = parse_sample(sample_with({{line, start + value}}));
      for (const auto& finding : loaded.findings)
        EXPECT_THAT(finding.text, testing::Not(testing::HasSubstr("hunter2"))) << value;
    }
  }
}

}  // namespace
}  // namespace tocsin::config
