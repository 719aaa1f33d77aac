// One connection to an MQTT broker: libmosquitto, driven by whoever waits for its socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/mqtt_client.h"
#include "net/mqtt_rival.h"
#include "net/mqtt_tls.h"
#include "net/poller.h"

struct mosquitto;

namespace tocsin::net {

/// From the first byte to the last, and never again: libmosquitto sends what was in flight once
/// more when it reconnects, and what it was given meanwhile, but whoever gave it has long been told
/// that it failed. On one thread; nothing here blocks.
class MqttConnection {
 public:
  struct Accepted {
    std::uint16_t most_in_flight;  ///< what the broker allows
  };
  struct Refused {
    bool not_authorized = false;  ///< this user, or this last will
  };
  struct Acknowledgement {
    int packet;
    Result<std::string> what;
  };
  /// What happened since the last call.
  struct Events {
    std::optional<Accepted> accepted;
    std::vector<Acknowledgement> acknowledged;
    std::optional<Error> ended;      ///< last of all
    MqttEnd how = MqttEnd::other;    ///< with `ended`
    std::optional<Refused> refused;  ///< with `ended`: the broker said no
  };
  enum class Will : bool { none, lost };

  /// Begins to connect to that address of the broker. `settings` outlives it.
  MqttConnection(const MqttSettings& settings, const std::string& address, Will will);
  /// Closes the connection, without a goodbye unless there was one.
  ~MqttConnection();
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;

  /// The number of its acknowledgement. An error that is not about this message is in the next
  /// events, too.
  Result<int> publish(const MqttMessage& message);
  /// Says goodbye, after what was published.
  void disconnect();

  /// What its socket must be waited for; nothing when it has ended.
  [[nodiscard]] std::optional<Poller::Wish> waits() const;
  /// Does what the socket allows; at least once a second, for the keep-alive.
  void drive(Poller::Ready ready);
  [[nodiscard]] Events take_events();

 private:
  struct Callbacks;
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Result<> prepare(Will will);
  void begin(const std::string& address);
  [[nodiscard]] bool in_handshake() const;
  [[nodiscard]] bool check_socket();
  int drive_session(Poller::Ready ready);
  int read();
  void note_tls_trouble(std::string reason);
  void end(int code);
  void end(Error error);
  [[nodiscard]] bool refuses_login() const;
  [[nodiscard]] Error describe(int code) const;

  const MqttSettings& settings_;
  std::string peer_;
  std::unique_ptr<MqttTlsContext> tls_;
  std::unique_ptr<mosquitto, void (*)(mosquitto*)> session_;
  bool open_ = false;      ///< TCP
  bool accepted_ = false;  ///< MQTT
  bool ended_ = false;
  bool lacks_v5_ = false;       ///< it answered as one that speaks MQTT 3.1.1 only
  std::optional<int> refusal_;  ///< CONNACK's
  int last_words_ = 0;          ///< DISCONNECT's, from 0x80
  std::string tls_trouble_;
  Clock::time_point next_tick_;
  Events events_;
};

}  // namespace tocsin::net
