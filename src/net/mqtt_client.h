// Messages to an MQTT broker (libmosquitto behind it, on a thread of its own).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/error.h"
#include "base/names.h"
#include "net/async.h"
#include "net/login_guard.h"
#include "net/signal.h"

namespace tocsin::net {

class MqttEngine;

enum class MqttVersion : std::uint8_t { v3_1_1 = 4, v5 = 5 };

/// What a broker promises of a message (MQTT 5, 4.3), and when it is published: once it is written,
/// once it is acknowledged (PUBACK), once the handshake is complete (PUBCOMP).
enum class MqttQos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

struct MqttMessage {
  std::string topic;  ///< UTF-8 without wildcards and control characters, at most 65535 bytes
  std::string payload;
  MqttQos qos = MqttQos::at_least_once;
  bool retain = false;
};

struct MqttTls {
  bool enabled = false;
  std::string ca_file;           ///< PEM, in place of the system's certificates; empty: those
  std::string certificate_file;  ///< PEM, our own with those between it and its authority
  std::string key_file;          ///< PEM, not encrypted
  std::string server_name;       ///< what the broker's certificate must be for; empty: its host
  bool verify = true;            ///< the certificate chain and the name in it
};

/// A retained message that says whether this client is there. The broker itself sends `lost` when
/// the connection ends without a goodbye (the last will).
struct MqttPresence {
  std::string topic;    ///< empty: nothing is said
  std::string online;   ///< sent after each connecting
  std::string offline;  ///< sent before disconnecting
  std::string lost;
  bool retain = true;
};

struct MqttSettings {
  std::string host;
  std::uint16_t port = 1883;
  MqttVersion version = MqttVersion::v3_1_1;
  /// One connection at a time has this id: a broker closes the older one, and what that one has
  /// sent and the broker has not read is gone. This keeps the order over a reconnection.
  std::string client_id;
  bool clean_session = true;
  std::string username;  ///< empty: none
  Secret password;
  MqttTls tls;
  MqttPresence presence;
  std::chrono::seconds keep_alive{60};  ///< at least 5
  /// So many messages wait for their acknowledgement at most; fewer where the broker says so.
  std::uint16_t most_in_flight = 20;
  /// From the first byte until the broker has accepted us, and for looking up its name.
  std::chrono::milliseconds connect_limit = std::chrono::seconds(5);
  /// A connection on which a message is not acknowledged for so long is given up.
  std::chrono::milliseconds acknowledge_limit = std::chrono::seconds(10);
  /// Between two attempts to connect: full jitter below a time that doubles.
  Backoff backoff{.first = std::chrono::seconds(1), .longest = std::chrono::seconds(30)};
  /// Who decides when it may connect, because that logs in; null: nobody. Needs MqttClient::run().
  std::shared_ptr<LoginGuard> login{};
};

/// The seam that tests replace.
class MqttTransport {
 public:
  virtual ~MqttTransport() = default;

  /// What the broker said to each message, e.g. "PUBACK". They are sent in their order; each at
  /// most once by one call: what fails is never sent later behind the caller's back, though the
  /// broker may have got it. An attempt to connect or a connection that fails ends the whole call,
  /// and so does the deadline. rejected: the broker will never take this message; rate_limited: not
  /// now, or it was not sent because it seems to end connections; all other kinds are about the
  /// connection (denied: the broker refuses us, or we do not trust it; login_refused: it does not
  /// let our user in, or is not asked to for now). Errors hold no payload and no password.
  virtual awaitable<std::vector<Result<std::string>>> publish(std::vector<MqttMessage> messages,
                                                              Deadline deadline) = 0;
  /// Ends when there is a connection, and says which; errors as above.
  virtual awaitable<Result<std::string>> connect(Deadline deadline) = 0;
};

/// Connects when it is asked to, and again whenever the connection is lost. A message whose sending
/// ends the connection again and again while others pass is sent alone, and then not sent for a
/// while (mqtt_suspects.h). Presence over which the broker closes connections is left out. It warns
/// of another program with its client id, and lets that one have its turn (mqtt_rival.h). The loop
/// outlives it; it outlives its calls.
class MqttClient final : public MqttTransport {
 public:
  MqttClient(Executor executor, MqttSettings settings);
  /// Says goodbye; takes a second at most, whatever the broker or the network does.
  ~MqttClient() override;

  /// From here on there is a connection whenever that is possible, not only for messages.
  void open();
  /// Asks the guard of the login, until it is cancelled; without it nothing connects.
  awaitable<void> run();
  /// Ends when there is something to say that no answer says: what, and what to do about it.
  awaitable<std::string> warning();
  awaitable<std::vector<Result<std::string>>> publish(std::vector<MqttMessage> messages,
                                                      Deadline deadline) override;
  awaitable<Result<std::string>> connect(Deadline deadline) override;

 private:
  Executor executor_;
  std::shared_ptr<LoginGuard> login_;
  Signal login_wanted_;
  Signal login_ended_;
  Signal warned_;
  std::unique_ptr<MqttEngine> engine_;
};

}  // namespace tocsin::net
