#include "net/mqtt_suspects.h"

#include <algorithm>

namespace tocsin::net {
namespace {

constexpr int kSuspicious = 2;
constexpr int kGuilty = 2;
constexpr int kMostDoublings = 3;

}  // namespace

void MqttSuspects::dropped(std::span<const std::string> topics, Time now) {
  for (const auto& topic : topics) {
    if (records_.size() >= kMost && !records_.contains(topic)) continue;
    auto& record = records_[topic];
    if (record.drops++ == 0) record.others_acknowledged = acknowledged_;
    record.alone = topics.size() == 1 ? record.alone + 1 : 0;
    const bool others_passed = acknowledged_ > record.others_acknowledged;
    if (record.drops > kSuspicious && record.alone >= kGuilty && others_passed)
      record.guilty_until =
          now + kFirstRest * (1 << std::min(record.alone - kGuilty, kMostDoublings));
  }
}

void MqttSuspects::acknowledged(const std::string& topic) {
  acknowledged_++;
  records_.erase(topic);
}

bool MqttSuspects::must_be_alone(const std::string& topic) const {
  const auto found = records_.find(topic);
  return found != records_.end() && found->second.drops >= kSuspicious;
}

bool MqttSuspects::is_guilty(const std::string& topic, Time now) const {
  const auto found = records_.find(topic);
  return found != records_.end() && now < found->second.guilty_until;
}

}  // namespace tocsin::net
