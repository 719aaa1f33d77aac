#include "config/destinations/mqtt_config.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class MqttConfig : public testing::Test {
 protected:
  Loaded parse_mqtt(const std::string& section) {
    return parse_sample(
        sample_with({{10, "      mqtt: {enable: true}"},
                     {11, "  mqttConfig:\n" + section + "\n  webhookNotification:"}}),
        with_slashes(to_utf8(folder_.path())));
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  Mqtt read(const std::string& section) {
    const auto loaded = parse_mqtt(section);
    EXPECT_THAT(findings_of(loaded), IsEmpty());
    return loaded.config ? loaded.config->get<Mqtt>() : Mqtt{};
  }

  kit::ScratchDirectory folder_;
};

TEST_F(MqttConfig, AFileOfButler) {
  const auto loaded = parse_mqtt(R"(    enable: true
    brokerHost: 10.1.2.3
    brokerPort: 1884
    azureEventGrid: {enable: false, clientId: '<client ID>', clientCertFile: '', clientKeyFile: nowhere}
    taskFailureSendFull: true
    taskFailureTopic: qliksense/task_failure
    serviceRunningTopic: qliksense/service_running
    serviceStoppedTopic: qliksense/service_stopped
    serviceStatusTopic: qliksense/service_status)");
  EXPECT_THAT(findings_of(loaded),
              ElementsAre("16:5: info: not used by this version: mqttConfig.taskFailureSendFull, "
                          "mqttConfig.taskFailureTopic"));
  const auto& mqtt = loaded.config->get<Mqtt>();
  EXPECT_TRUE(mqtt.enabled);
  EXPECT_EQ(mqtt.broker_host, "10.1.2.3");
  EXPECT_EQ(mqtt.broker_port, 1884);
  EXPECT_EQ(mqtt.version, MqttVersion::v3_1_1);
  EXPECT_EQ(mqtt.qos, 1);
  EXPECT_FALSE(mqtt.tls);
  EXPECT_FALSE(mqtt.azure);
  EXPECT_EQ(mqtt.client_id, "");
  EXPECT_EQ(mqtt.running_topic, "qliksense/service_running");
  EXPECT_EQ(mqtt.stopped_topic, "qliksense/service_stopped");
  EXPECT_EQ(mqtt.paused_topic, "qliksense/service_stopped");
  EXPECT_EQ(mqtt.service_status_topic, "qliksense/service_status");
  EXPECT_FALSE(mqtt.retain_status);
  EXPECT_TRUE(mqtt.presence);
}

TEST_F(MqttConfig, Everything) {
  write("ca.pem", "-----BEGIN CERTIFICATE-----");
  write("own.pem", "-----BEGIN CERTIFICATE-----");
  write("own.key", "-----BEGIN PRIVATE KEY-----");
  const auto mqtt = read(R"(    brokerHost: broker.example
    protocolVersion: 5
    clientId: me
    cleanSession: false
    username: monitor
    password: ${env:PASSWORD}
    keepAlive: 30
    qos: 0
    tls:
      enable: true
      certCA: ca.pem
      clientCertFile: own.pem
      clientKeyFile: own.key
      serverName: other.example
    serviceStoppedTopic: a
    servicePausedTopic: b
    retainStatus: true
    presence: {enable: true, topic: here})");
  EXPECT_EQ(mqtt.broker_port, 8883);
  EXPECT_EQ(mqtt.version, MqttVersion::v5);
  EXPECT_EQ(mqtt.client_id, "me");
  EXPECT_FALSE(mqtt.clean_session);
  EXPECT_EQ(mqtt.username, "monitor");
  EXPECT_EQ(mqtt.password.reveal(), "s3cret-in-the-environment");
  EXPECT_EQ(mqtt.keep_alive, std::chrono::seconds(30));
  EXPECT_EQ(mqtt.qos, 0);
  EXPECT_TRUE(mqtt.tls);
  EXPECT_TRUE(with_slashes(mqtt.ca_file).ends_with("/ca.pem"));
  EXPECT_TRUE(with_slashes(mqtt.certificate_file).ends_with("/own.pem"));
  EXPECT_TRUE(with_slashes(mqtt.key_file).ends_with("/own.key"));
  EXPECT_EQ(mqtt.server_name, "other.example");
  EXPECT_EQ(mqtt.running_topic, "");
  EXPECT_EQ(mqtt.paused_topic, "b");
  EXPECT_TRUE(mqtt.retain_status);
  EXPECT_EQ(mqtt.presence_topic, "here");
}

TEST_F(MqttConfig, AzureEventGrid) {
  write("own.pem", "-----BEGIN CERTIFICATE-----");
  write("own.key", "-----BEGIN PRIVATE KEY-----");
  const std::string azure = R"(    brokerHost: ns.westeurope-1.ts.eventgrid.azure.net
    serviceStoppedTopic: a
    azureEventGrid: {enable: true, clientId: tocsin-1, clientCertFile: own.pem, clientKeyFile: own.key}
)";
  const auto mqtt = read(azure);
  EXPECT_TRUE(mqtt.tls);
  EXPECT_TRUE(mqtt.azure);
  EXPECT_EQ(mqtt.broker_port, 8883);
  EXPECT_EQ(mqtt.client_id, "tocsin-1");
  EXPECT_EQ(mqtt.username, "tocsin-1");
  EXPECT_FALSE(mqtt.presence);
  EXPECT_THAT(findings_of(parse_mqtt(azure + "    qos: 2\n    keepAlive: 1161")),
              ElementsAre("15:10: error: `qos` must be 0 or 1 for Azure Event Grid",
                          "16:16: error: `keepAlive` must be at most 1160 for Azure Event Grid"));
  EXPECT_THAT(findings_of(parse_mqtt("    brokerHost: h\n    serviceStoppedTopic: a\n"
                                     "    azureEventGrid: {enable: true}")),
              ElementsAre("14:5: error: the key `clientId` is missing",
                          "14:5: error: `azureEventGrid` is enabled, so `clientCertFile` must name "
                          "a file"));
}

TEST_F(MqttConfig, Mistakes) {
  const std::string right = "    brokerHost: h\n    serviceStoppedTopic: a\n";
  const auto findings = [&](const std::string& line) {
    return findings_of(parse_mqtt(right + "    " + line));
  };
  EXPECT_THAT(findings_of(parse_mqtt("    serviceStoppedTopic: a")),
              ElementsAre("11:3: error: the key `brokerHost` is missing"));
  EXPECT_THAT(findings_of(parse_mqtt("    brokerHost: mqtt://h\n    serviceStoppedTopic: a")),
              ElementsAre("12:17: error: `brokerHost` must be a host name or an address, without "
                          "spaces and slashes"));
  EXPECT_THAT(findings_of(parse_mqtt("    brokerHost: h")),
              ElementsAre("11:3: warning: MQTT is enabled, but there is no topic to send to"));
  EXPECT_THAT(findings("serviceStatusTopic: a/#"),
              ElementsAre("14:25: error: `serviceStatusTopic` must not contain `+` or `#`: only "
                          "subscribers may use them"));
  EXPECT_THAT(
      findings("serviceStatusTopic: \"a\\tb\""),
      ElementsAre(StartsWith("14:25: error: `serviceStatusTopic` contains a tab (U+0009)")));
  EXPECT_THAT(
      findings("serviceStatusTopic: $SYS/a"),
      ElementsAre(
          "14:25: error: `serviceStatusTopic` must not begin with `$SYS`: the broker reserves it"));
  EXPECT_THAT(findings("serviceStatusTopic: " + std::string(1025, 'a')),
              ElementsAre("14:25: error: `serviceStatusTopic` must have at most 1024 bytes"));
  EXPECT_THAT(findings("qos: 3"),
              ElementsAre("14:10: error: `qos` must be one of 0, 1, 2, but this is `3`"));
  EXPECT_THAT(findings("{qos: 2, cleanSession: false}").size(), 1U);
  EXPECT_THAT(findings("qos: 2\n    cleanSession: false"),
              ElementsAre("15:19: error: `cleanSession` must be true with `qos` 2"));
  EXPECT_THAT(findings("protocolVersion: 4"),
              ElementsAre("14:22: error: `protocolVersion` must be one of 3.1.1, 5, but this is "
                          "`4`"));
  EXPECT_THAT(findings("password: ${env:PASSWORD}"),
              ElementsAre("11:3: warning: `password` is not used without `username`",
                          "11:3: info: the connection is not encrypted: anyone on the network path "
                          "can read `password`"));
  write("own.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----");
  const auto file = with_slashes(to_utf8(folder_.path())) + "/own.key";
  EXPECT_THAT(findings("tls: {enable: true, clientKeyFile: own.key}"),
              ElementsAre("14:40: error: `clientKeyFile`: the file `" + file +
                          "` is encrypted; tocsin cannot ask for the pass phrase"));
  EXPECT_THAT(findings("tls: {enable: true, certCA: own.key}"),
              ElementsAre("14:33: error: `certCA`: the file `" + file +
                          "` holds no certificate in PEM form"));
}

}  // namespace
}  // namespace tocsin::config
