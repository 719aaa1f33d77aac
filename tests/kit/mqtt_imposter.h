// A local MQTT broker for tests that does what real ones should not: scripted answers, and a
// journal of what it received.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::kit {

struct MqttConnect {
  int version = 4;  ///< 4: MQTT 3.1.1, 5: MQTT 5
  bool clean = false;
  int keep_alive = 0;  ///< seconds
  std::string client_id;
  std::string will_topic;
  std::string will;
  bool will_retained = false;
  std::string username;
  std::string password;
};

struct MqttPublished {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  bool repeated = false;       ///< DUP
  std::size_t connection = 0;  ///< counted from 1
};

/// What the broker does with what it receives.
struct MqttReaction {
  enum class Do : std::uint8_t {
    accept,   ///< says `code`: 0 is success
    nothing,  ///< and goes on listening
    close,
    accept_and_close,  ///< as if another one had taken the session over (MQTT 3.1.1)
    garbage,           ///< bytes that are no MQTT
    leave,             ///< DISCONNECT with `code`, then closes (MQTT 5)
    answer_in_311,     ///< to CONNECT, with `code`, then closes
  };
  Do what = Do::accept;
  std::uint8_t code = 0;
};

/// Listens on 127.0.0.1, on a port that the system chooses and a thread of its own, from
/// construction to destruction. Every function may be called from any thread.
class MqttImposter {
 public:
  struct Terms {
    std::uint16_t receive_maximum = 0;      ///< 0: not said (MQTT 5)
    std::uint32_t maximum_packet_size = 0;  ///< 0: not said (MQTT 5)
  };

  explicit MqttImposter(Terms terms);
  MqttImposter() : MqttImposter(Terms{}) {}
  ~MqttImposter();
  MqttImposter(const MqttImposter&) = delete;
  MqttImposter& operator=(const MqttImposter&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Called on the imposter's thread; without it everything is accepted.
  void on_connect(std::function<MqttReaction(const MqttConnect&)> react);
  void on_publish(std::function<MqttReaction(const MqttPublished&)> react);

  [[nodiscard]] std::vector<MqttConnect> connects() const;
  [[nodiscard]] std::vector<MqttPublished> published() const;
  /// The most messages that waited for an answer at once on one connection.
  [[nodiscard]] std::size_t most_unanswered() const;
  /// Waits until so many messages are received; false when they are not after 20 seconds.
  [[nodiscard]] bool wait_for_published(std::size_t count) const;
  [[nodiscard]] bool wait_for_connects(std::size_t count) const;
  /// The same for DISCONNECTs.
  [[nodiscard]] bool wait_for_goodbyes(std::size_t count) const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace tocsin::kit
