#include "config/destinations/mqtt_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/common_keys.h"
#include "config/destinations/pem_files.h"
#include "config/section/addresses.h"

namespace tocsin::config {
namespace {

constexpr std::uint16_t kTlsPort = 8883;
/// Azure Event Grid drops a connection with a longer one.
constexpr std::chrono::seconds kAzureKeepAlive{1160};
constexpr std::size_t kMostTopicBytes = 1024;

constexpr std::array kQos = {Choice<std::uint8_t>{"0", 0}, Choice<std::uint8_t>{"1", 1},
                             Choice<std::uint8_t>{"2", 2}};

/// MQTT 5, 4.7: what can be published to. Control characters are forbidden by 1.5.4 (should).
std::optional<std::string> check_topic(const std::string& text) {
  if (text.size() > kMostTopicBytes)
    return fmt::format("must have at most {} bytes", kMostTopicBytes);
  if (!is_utf8(text)) return "must be UTF-8";
  if (text.find_first_of("+#") != std::string::npos)
    return "must not contain `+` or `#`: only subscribers may use them";
  if (std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7F; }))
    return "must not contain control characters";
  if (text.starts_with("$SYS")) return "must not begin with `$SYS`: the broker reserves it";
  return std::nullopt;
}

std::optional<std::string> check_client_id(const std::string& text) {
  if (text.empty()) return "must not be empty";
  if (text.size() > 128) return "must have at most 128 bytes";
  return check_topic(text);
}

/// Whether what is read is used: what is not may be a template, and its files may be nowhere.
enum class Used : bool { no, yes };

void take_pem_file(Section& section, std::string_view key, const std::optional<PlacedText>& written,
                   PemFile what, std::string& out) {
  if (!written) return;
  if (written->text.empty()) {
    section.error(written->place, fmt::format("`{}` must not be empty", key));
  } else {
    out = pem_file_at(section, key, *written, what);
  }
}

void read_own_certificate(Section& section, Used used, Mqtt& mqtt) {
  const auto certificate = section.placed_text(
      {.name = "clientCertFile",
       .description = "PEM file with the client certificate and the intermediate certificates.",
       .example = "/etc/tocsin/mqtt.pem",
       .otherwise = "none"});
  const auto key = section.placed_text(
      {.name = "clientKeyFile",
       .description = "PEM file with the unencrypted private key of the client certificate.",
       .example = "/etc/tocsin/mqtt.key",
       .otherwise = "in the certificate's file"});
  if (used == Used::no) return;
  take_pem_file(section, "clientCertFile", certificate, PemFile::own_certificate,
                mqtt.certificate_file);
  take_pem_file(section, "clientKeyFile", key, PemFile::own_key, mqtt.key_file);
}

void read_tls(Section& section, Mqtt& mqtt) {
  section.boolean({.name = "enable", .description = "Encrypts the connection.", .example = "true"},
                  mqtt.tls);
  if (!mqtt.tls) section.switch_off();
  const auto authorities = read_authorities(section, "broker");
  if (mqtt.tls) take_pem_file(section, "certCA", authorities, PemFile::authorities, mqtt.ca_file);
  read_own_certificate(section, mqtt.tls ? Used::yes : Used::no, mqtt);
  section.text({.name = "serverName",
                .description = "Name in the broker's certificate.",
                .example = "broker.example.com",
                .otherwise = "`brokerHost`"},
               mqtt.server_name, must_not_be_empty);
  const auto reject =
      section.boolean({.name = "rejectUnauthorized",
                       .description = "Sends nothing to a broker that fails verification.",
                       .example = "true"},
                      mqtt.reject_unauthorized);
  if (!mqtt.reject_unauthorized)
    section.warning(*reject,
                    "`rejectUnauthorized` is false: anyone on the network path can read messages, "
                    "user name and password");
}

void read_azure(Section& section, Mqtt& mqtt) {
  section.boolean({.name = "enable",
                   .description = "Treats the broker as an Azure Event Grid namespace: TLS, with "
                                  "`clientId` as the user name.",
                   .example = "true"},
                  mqtt.azure);
  if (!mqtt.azure) section.switch_off();
  std::string client_id;
  section.text({.name = "clientId",
                .description = "Authentication name of the client in the namespace. Another name "
                               "begins another session.",
                .need = mqtt.azure ? Need::required : Need::optional,
                .example = "tocsin-1",
                .otherwise = "required if enabled"},
               client_id, check_client_id);
  read_own_certificate(section, mqtt.azure ? Used::yes : Used::no, mqtt);
  if (!mqtt.azure) return;
  mqtt.client_id = mqtt.username = client_id;
  if (mqtt.certificate_file.empty() && !section.has("clientCertFile"))
    section.error(section.place(),
                  "`azureEventGrid` is enabled, so `clientCertFile` must name a file");
  mqtt.tls = true;
}

void read_topic(Section& section, std::string_view name, std::string_view description,
                std::string_view otherwise, std::string& out, std::string_view differs = {}) {
  section.text({.name = name,
                .description = description,
                .example = "qliksense/service",
                .otherwise = otherwise,
                .differs = differs},
               out, check_topic);
}

void read_topics(Section& section, Mqtt& mqtt) {
  read_topic(section, "serviceRunningTopic",
             "Topic of alerts about running services, followed by `/<host>/<service>`.",
             "such alerts are not sent", mqtt.running_topic);
  read_topic(section, "serviceStoppedTopic",
             "Topic of all other alerts (stopped, vanished ...), followed by `/<host>/<service>`.",
             "such alerts are not sent", mqtt.stopped_topic, kTellsMore);
  mqtt.paused_topic = mqtt.stopped_topic;
  read_topic(section, "servicePausedTopic",
             "Topic of alerts about paused services, followed by `/<host>/<service>`.",
             "`serviceStoppedTopic`", mqtt.paused_topic);
  read_topic(section, "serviceStatusTopic",
             "Topic of service states, followed by `/<host>/<service>`. Every check sends them.",
             "states are not sent", mqtt.service_status_topic,
             "Also sends PAUSED, START_PENDING, MISSING and others; `+` and `#` in names become "
             "%XX. Butler reports these as RUNNING and loses its connection over such names.");
  section.boolean(
      {.name = "retainStatus",
       .description = "Lets the broker keep the last state of each service for later subscribers.",
       .example = "true"},
      mqtt.retain_status);
}

void read_presence(Section& section, Mqtt& mqtt) {
  const auto enable = section.boolean(
      {.name = "enable",
       .description = "Publishes a retained message while tocsin runs. The broker replaces it when "
                      "tocsin is lost (last will). Off by default for Azure Event Grid.",
       .example = "false"},
      mqtt.presence);
  if (!enable && mqtt.azure) mqtt.presence = false;
  section.text({.name = "topic",
                .description = "Topic of this message.",
                .example = "monitoring/tocsin",
                .otherwise = "`tocsin/status/<clientId>`"},
               mqtt.presence_topic, check_topic);
}

}  // namespace

void read_settings(Section& section, bool wanted, Mqtt& mqtt) {
  section.share_with_butler(Shared::features);
  mqtt.enabled = read_enable(section, wanted);
  section.text({.name = "brokerHost",
                .description = "Name or address of the broker.",
                .need = mqtt.enabled ? Need::required : Need::optional,
                .example = "broker.example.com",
                .otherwise = "required",
                .differs = "Alerts use QoS 1 and are resent after an outage; `presence` shows that "
                           "tocsin runs. Butler sends once, with QoS 0."},
               mqtt.broker_host,
               [](const std::string& text) { return check_host(text, "brokerPort"); });
  if (mqtt.broker_host.empty()) mqtt.enabled = false;  // the section is not there, or wrong
  const auto port =
      section.port({.name = "brokerPort",
                    .description = "TCP port. 8883 by default if the connection is encrypted.",
                    .example = "1883"},
                   mqtt.broker_port);
  section.section({.name = "tls", .description = "Encryption of the connection."},
                  [&mqtt](Section& inner) { read_tls(inner, mqtt); });
  section.text({.name = "clientId",
                .description = "Client identifier at the broker. No other client may use it.",
                .example = "tocsin-1",
                .otherwise = "`tocsin-` and the name of the machine, and a number if the data "
                             "directory is not the default one"},
               mqtt.client_id, check_client_id);
  section.text({.name = "username",
                .description = "User name at the broker.",
                .example = "tocsin",
                .otherwise = "none"},
               mqtt.username, must_not_be_empty);
  section.secret(
      {.name = "password", .description = kPasswordInWords, .example = "${env:MQTT_PASSWORD}"},
      mqtt.password);
  section.section(
      {.name = "azureEventGrid", .description = "Azure Event Grid, the broker of Microsoft Azure."},
      [&mqtt](Section& inner) { read_azure(inner, mqtt); });
  if (mqtt.tls && !port) mqtt.broker_port = kTlsPort;

  section.choice(
      {.name = "protocolVersion",
       .description =
           "Version of MQTT. With 5, a broker gives the reason when it refuses a message.",
       .example = "5"},
      mqtt.version);
  const auto qos =
      section.choice({.name = "qos",
                      .description = "Quality of service. 0: messages may be lost; 1: they may "
                                     "arrive twice; 2: each arrives once. Butler uses 0.",
                      .example = "1"},
                     mqtt.qos, kQos);
  const auto clean = section.boolean(
      {.name = "cleanSession",
       .description = "Makes the broker discard the session when the connection ends.",
       .example = "true"},
      mqtt.clean_session);
  if (mqtt.qos == 2 && !mqtt.clean_session)
    section.error(*clean, "`cleanSession` must be true with `qos` 2");
  const auto keep_alive =
      section.seconds({.name = "keepAlive",
                       .description = "Interval of pings to the broker while nothing else is sent.",
                       .example = "60"},
                      mqtt.keep_alive, {.least = 5, .most = 65535});
  if (mqtt.azure && mqtt.qos == 2) section.error(*qos, "`qos` must be 0 or 1 for Azure Event Grid");
  if (mqtt.azure && mqtt.keep_alive > kAzureKeepAlive)
    section.error(*keep_alive, fmt::format("`keepAlive` must be at most {} for Azure Event Grid",
                                           kAzureKeepAlive.count()));
  read_topics(section, mqtt);
  section.section({.name = "presence", .description = "Presence of tocsin itself."},
                  [&mqtt](Section& inner) { read_presence(inner, mqtt); });
  if (mqtt.enabled && mqtt.running_topic.empty() && mqtt.stopped_topic.empty() &&
      mqtt.paused_topic.empty() && mqtt.service_status_topic.empty())
    section.warning(section.place(), "MQTT is enabled, but there is no topic to send to");
  if (!mqtt.password.empty() && mqtt.username.empty() && !section.has("username"))
    section.warning(section.place(), "`password` is not used without `username`");
  if (!mqtt.password.empty() && !mqtt.tls)
    section.info(section.place(),
                 "the connection is not encrypted: anyone on the network path can read `password`");
}

}  // namespace tocsin::config
