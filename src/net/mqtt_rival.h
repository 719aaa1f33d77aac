// Whether another program connects under our client id, so that each disconnects the other. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tocsin::net {

/// How a connection ended that the broker had accepted.
enum class MqttEnd : std::uint8_t {
  taken_over,   ///< the broker says that another one has the client id (MQTT 5)
  unexplained,  ///< the broker closed it, and nothing was in flight that it may dislike
  other,
};

/// A broker closes the older of two connections with one client id; in MQTT 3.1.1, and
/// Mosquitto 2.0 always, without a word. Who connects again at once throws the other out, which
/// does the same.
class MqttRival {
 public:
  struct Ending {
    MqttEnd how{};
    std::chrono::steady_clock::duration lasted{};
    /// Since the last message that the broker does not acknowledge (QoS 0) was written.
    std::chrono::steady_clock::duration quiet = std::chrono::steady_clock::duration::max();
  };
  /// What is to be said of it: once, until a connection has lasted for kUnrivalled. True: the
  /// broker has said so; false: it may be so.
  [[nodiscard]] std::optional<bool> ended(const Ending& ending);
  /// Whether the other one is to have its turn: attempts to connect keep their distance.
  [[nodiscard]] bool is_suspected() const { return ends_ > 1; }

  static constexpr std::chrono::minutes kUnrivalled{5};
  /// A broker that dislikes a message closes the connection so soon: who has just written one
  /// learns nothing from that. Less than the pause between two batches of states.
  static constexpr std::chrono::milliseconds kVerdict{250};
  static constexpr int kCertain = 2;  ///< so often in a row it was taken over
  static constexpr int kLikely = 4;   ///< or ended without an explanation

 private:
  int ends_ = 0;  ///< in a row
  bool said_ = false;
};

}  // namespace tocsin::net
