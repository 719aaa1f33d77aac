// Which topics a broker may be closing connections for. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace tocsin::net {

/// A broker that speaks MQTT 3.1.1 cannot refuse a message; it closes the connection, and with it
/// goes everything else that was in flight. So a topic that was in flight at two such ends is sent
/// alone from then on, which clears it or shows it to be the reason. It is guilty when connections
/// ended twice with nothing but it in flight, and messages to other topics were acknowledged
/// between: a broker that takes nothing at all condemns nobody.
class MqttSuspects {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A connection ended with these in flight.
  void dropped(std::span<const std::string> topics, Time now);
  void acknowledged(const std::string& topic);

  /// Whether it is to be sent only when nothing else is in flight, and nothing beside it.
  [[nodiscard]] bool must_be_alone(const std::string& topic) const;
  /// Whether it is not to be sent for now: for kFirstRest after it was shown guilty, and for twice
  /// as long each time again, up to kLongestRest. A broker whose connections break by themselves
  /// makes topics look guilty, too.
  [[nodiscard]] bool is_guilty(const std::string& topic, Time now) const;

  static constexpr std::chrono::minutes kFirstRest{1};
  static constexpr std::chrono::minutes kLongestRest = 8 * kFirstRest;
  /// More topics are not remembered.
  static constexpr std::size_t kMost = 1000;

 private:
  struct Record {
    std::uint64_t others_acknowledged = 0;  ///< at the first drop
    int drops = 0;
    int alone = 0;
    Time guilty_until{};
  };
  std::map<std::string, Record> records_;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace tocsin::net
