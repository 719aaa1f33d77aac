#include "config/load.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;

/// A folder that is gone after the test.
class FileOnDisk : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return with_slashes(to_utf8(path));
  }
  [[nodiscard]] static Loaded load_from(const std::string& path) {
    return load(path, kSampleEnvironment);
  }

  kit::ScratchDirectory scratch_;
  const fs::path& folder_ = scratch_.path();
};

TEST(Load, FillsEveryField) {
  const auto loaded = parse_sample(R"(Butler:
  logLevel: verbose
  fileLogging: true
  logDirectory: logs
  dataDirectory: /data
  serviceMonitor:
    enable: true
    frequency: every 10 seconds
    credentials:
      - name: main
        username: CORP\user
        password: ${env:PASSWORD}
      - {name: other, username: user@CORP.EXAMPLE, password: "a b"}
    monitor:
      - host: node1
        services:
          - name: Spooler
      - host: Node2
        address: 10.1.2.3
        port: ${env:PORT}
        source: SMB
        credentials: other
        services:
          - name: MSSQL$*
            friendlyName: A database
            exclude:
              - MSSQL$TEST*
          - {name: 123}
    alertDestination:
      webhook: {enable: true}
  webhookNotification:
    enable: true
    serviceMonitor:
      rateLimit: 15
      webhooks:
        - description: desk
          webhookURL: HTTPS://desk.example:8443/hook?a=b#c
          httpMethod: put
          cert: {enable: false, rejectUnauthorized: false, certCA: nothing.pem}
        - webhookURL: http://[fe80::1]:8080
)");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& config = *loaded.config;
  EXPECT_TRUE(config.enabled);
  EXPECT_EQ(config.frequency.text(), "every 10 seconds");
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_TRUE(config.file_logging);
  EXPECT_EQ(with_slashes(config.log_directory), "/etc/tocsin/logs");
  EXPECT_EQ(with_slashes(config.data_directory), "/data");

  ASSERT_EQ(config.hosts.size(), 2);
  const auto& first = config.hosts[0];
  EXPECT_EQ(first.address, "node1");
  EXPECT_EQ(first.port, 445);
  EXPECT_EQ(first.credentials->username, "CORP\\user");
  EXPECT_EQ(first.credentials->password.reveal(), "s3cret-in-the-environment");
  const auto& second = config.hosts[1];
  EXPECT_EQ(second.name.text(), "Node2");
  EXPECT_EQ(second.address, "10.1.2.3");
  EXPECT_EQ(second.port, 4450);
  EXPECT_EQ(second.source, Source::smb);
  EXPECT_EQ(second.credentials->password.reveal(), "a b");
  ASSERT_EQ(second.services.entries().size(), 2);
  EXPECT_EQ(second.services.entries()[0].pattern, "MSSQL$*");
  EXPECT_EQ(second.services.entries()[0].friendly_name, "A database");
  EXPECT_THAT(second.services.entries()[0].exclude, ElementsAre("MSSQL$TEST*"));
  EXPECT_EQ(second.services.entries()[1].pattern, "123");

  EXPECT_TRUE(config.get<WebhookDestinations>().enabled);
  EXPECT_EQ(config.get<WebhookDestinations>().rate_limit, std::chrono::seconds(15));
  ASSERT_EQ(config.get<WebhookDestinations>().webhooks.size(), 2);
  const auto& webhook = config.get<WebhookDestinations>().webhooks[0];
  EXPECT_EQ(webhook.description, "desk");
  EXPECT_EQ(webhook.firing.url, "HTTPS://desk.example:8443/hook?a=b#c");
  EXPECT_EQ(webhook.firing.method, HttpMethod::put);
  EXPECT_EQ(webhook.ca_file, "") << "cert is not enabled";
  EXPECT_TRUE(webhook.reject_unauthorized);
}

TEST(Load, SchedulesHoldForAllHostsOrForOne) {
  const auto loaded = parse_sample(sample_with(
      {{2, "  serviceMonitor:\n    frequency: at 9:00"},
       {6,
        "      - {host: a, services: [{name: Spooler}]}\n"
        "      - {host: b, frequency: at 10:00, services: [{name: Spooler}]}\n"
        "      - {host: c, timeZone: Test/Late, services: [{name: Spooler}]}\n"
        "      - {host: d, timeZone: Test/Late, frequency: at 10:00, services: [{name: Spooler}]}"},
       {7, ""},
       {8, ""}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const Time midnight = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  std::vector<std::string> due;
  for (const auto& host : loaded.config->hosts)
    due.push_back(host.name.text() + iso_time(*host.frequency.next(midnight)).substr(10, 6));
  EXPECT_THAT(due, ElementsAre("aT09:00", "bT10:00", "cT11:00", "dT12:00"));
}

TEST(Load, HasTheDefaultsOfButler) {
  const auto loaded = parse_sample(kSample);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->frequency.text(), "every 30 seconds");
  EXPECT_EQ(loaded.config->log_level, LogLevel::info);
  EXPECT_EQ(loaded.config->get<WebhookDestinations>().webhooks.at(0).firing.method,
            HttpMethod::post);
  EXPECT_EQ(loaded.config->data_directory, "");
}

TEST(Load, ReadsWhetherMetricsNameHosts) {
  EXPECT_TRUE(parse_sample(kSample).config->metrics_per_host);
  const auto loaded = parse_sample(sample_with({{1, "tocsin:\n  metrics: {perHost: false}"}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_FALSE(loaded.config->metrics_per_host);
}

TEST(Load, TakesNothingOverFromWhatIsSwitchedOff) {
  const auto off = parse_sample(sample_with({{2, "  serviceMonitor:\n    enable: false"},
                                             {10, "      webhook: {enable: '${env:OFF}'}"}}));
  ASSERT_TRUE(off.config);
  EXPECT_FALSE(off.config->enabled);
  EXPECT_THAT(off.config->hosts, IsEmpty());
  EXPECT_FALSE(off.config->get<WebhookDestinations>().enabled);
  EXPECT_THAT(off.config->get<WebhookDestinations>().webhooks, IsEmpty());
}

TEST(Load, SharesServicesThroughAliases) {
  const auto loaded = parse_sample(
      sample_with({{7, "        services: &all"},
                   {8, "          - name: Spooler\n      - {host: node2, services: *all}"}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->hosts.at(1).services.entries().at(0).pattern, "Spooler");
}

TEST(Load, TakesTenThousandServices) {
  std::string hosts;
  for (int host = 0; host < 1250; host++) {
    hosts += "      - host: node" + std::to_string(host) + "\n        services:\n";
    for (int service = 0; service < 8; service++)
      hosts += "          - name: Service" + std::to_string(service) + "\n";
  }
  const auto loaded = parse_sample(sample_with({{6, hosts}, {7, ""}, {8, ""}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->hosts.size(), 1250);
}

TEST_F(FileOnDisk, IsReadFromTheDisk) {
  const auto path = write("tocsin.yaml", kSample);
  const auto loaded = load_from(path);
  EXPECT_THAT(loaded.findings, IsEmpty());
  EXPECT_TRUE(loaded.config);
}

TEST_F(FileOnDisk, ThatIsNotThereIsOneFinding) {
  const auto path = to_utf8(folder_ / "nothing.yaml");
  const auto loaded = load_from(path);
  EXPECT_FALSE(loaded.config);
  ASSERT_EQ(loaded.findings.size(), 1);
  EXPECT_EQ(to_string(loaded.findings[0]),
            path + ": error: the file cannot be read: No such file or directory");
}

TEST_F(FileOnDisk, MayNotBeAFolder) {
  EXPECT_THAT(findings_of(load_from(to_utf8(folder_))),
              ElementsAre(" error: the file cannot be read: Is a directory"));
}

TEST_F(FileOnDisk, IsRefusedUnreadWhenItIsTooLarge) {
  const auto path = write("large.yaml", "");
  fs::resize_file(path, 1'000'000'000);
  EXPECT_THAT(findings_of(load_from(path)), ElementsAre(" error: the file is larger than 8 MB"));
}

TEST_F(FileOnDisk, ThatAllMayReadShouldHoldNoPassword) {
  const auto literal = sample_with({{4,
                                     "      - {name: main, username: u, password: hunter2}\n"
                                     "      - {name: other, username: u, password: hunter2}"}});
  EXPECT_THAT(
      findings_of(load_from(write("public-literal.yaml", literal))),
      ElementsAre("4:45: warning: `password` stands in a file that every user of this machine may "
                  "read: `chmod 600` prevents that, or write ${env:NAME} or ${file:PATH}"));
  EXPECT_THAT(findings_of(load_from(write("own.yaml", literal))), IsEmpty());
  EXPECT_THAT(findings_of(load_from(write("public-reference.yaml", kSample))), IsEmpty());
}

TEST_F(FileOnDisk, TakesSecretsFromFilesBesideIt) {
  write("secret", "hunter2\n");
  const auto loaded = load_from(
      write("tocsin.yaml",
            sample_with({{4, "      - {name: main, username: u, password: '${file:secret}'}"}})));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->credentials.at(0)->password.reveal(), "hunter2");
}

TEST_F(FileOnDisk, WarnsOnceOfASecretFileThatAllMayRead) {
  const auto secret = write("public-secret", "hunter2");
  const auto loaded = load_from(write(
      "tocsin.yaml",
      sample_with({{4,
                    "      - {name: main, username: u, password: '${file:public-secret}'}\n"
                    "      - {name: other, username: u, password: '${file:public-secret}'}"}})));
  EXPECT_THAT(findings_of(loaded),
              ElementsAre(AllOf(
                  StartsWith("4:45: warning: every user of this machine may read the secret in `" +
                             secret.substr(0, 20)),
                  EndsWith("; `chmod 600` prevents that"))));
}

TEST_F(FileOnDisk, NamesAnAuthorityThatIsNone) {
  const auto webhook =
      "        - webhookURL: https://desk.example/hook\n"
      "          cert: {enable: true, certCA: ca.pem}";
  const auto path = write("tocsin.yaml", sample_with({{14, webhook}}));
  const auto ca = write("ca.pem", "hello");
  EXPECT_THAT(findings_of(load_from(path)), ElementsAre("15:40: error: `certCA`: the file `" + ca +
                                                        "` holds no certificate in PEM form"));
  write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  const auto loaded = load_from(path);
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(with_slashes(loaded.config->get<WebhookDestinations>().webhooks.at(0).ca_file), ca);
}

TEST(Findings, ReadAsCompilersWriteThem) {
  EXPECT_EQ(to_string({Severity::warning, "a.yaml", 3, 7, "unknown key `x`"}),
            "a.yaml:3:7: warning: unknown key `x`");
  EXPECT_EQ(to_string({Severity::info, "a.yaml", 0, 0, "empty"}), "a.yaml: info: empty");
}

}  // namespace
}  // namespace tocsin::config
