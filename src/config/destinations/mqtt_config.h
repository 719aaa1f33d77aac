// MQTT: changes and states as messages to a broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/names.h"
#include "base/words.h"
#include "config/destinations/destination_type.h"

namespace tocsin::config {

enum class MqttVersion : std::uint8_t { v3_1_1, v5 };
consteval auto table_of(MqttVersion) {
  using enum MqttVersion;
  return std::array{Word{v3_1_1, "3.1.1"}, Word{v5, "5"}};
}

struct Mqtt {
  static constexpr DestinationType kType{
      .id = "mqtt",
      .name = "MQTT",
      .section = "mqttConfig",
      .description = "Alerts and service states as MQTT messages."};

  bool enabled = false;
  std::string broker_host;
  std::uint16_t broker_port = 1883;
  MqttVersion version = MqttVersion::v3_1_1;
  /// Ends the client id that nobody has written: tells apart several tocsins of one machine. The
  /// file does not have it.
  std::string instance;
  std::string client_id;  ///< empty: made of the machine's name
  bool clean_session = true;
  std::string username;
  Secret password;
  std::chrono::seconds keep_alive{60};
  std::uint8_t qos = 1;

  bool tls = false;
  std::string ca_file;           ///< PEM; empty: the system's certificates
  std::string certificate_file;  ///< PEM; empty: none
  std::string key_file;
  std::string server_name;  ///< empty: the broker's host
  bool reject_unauthorized = true;

  // The beginnings of topics; of what has none, nothing is sent.
  std::string running_topic;
  std::string stopped_topic;
  std::string paused_topic;
  std::string service_status_topic;
  bool retain_status = false;

  /// Whether tocsin itself says that it is there, and where: empty: `tocsin/status/<client id>`.
  bool presence = true;
  std::string presence_topic;
  bool azure = false;  ///< Azure Event Grid
};

void read_settings(Section& section, bool wanted, Mqtt& mqtt);

}  // namespace tocsin::config
