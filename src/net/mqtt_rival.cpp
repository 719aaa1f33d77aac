#include "net/mqtt_rival.h"

#include <algorithm>

namespace tocsin::net {

std::optional<bool> MqttRival::ended(MqttEnd how, std::chrono::steady_clock::duration after) {
  if (after >= kUnrivalled) *this = {};
  ends_ = how == MqttEnd::other ? 0 : std::min(ends_ + 1, kLikely);
  const bool certain = how == MqttEnd::taken_over;
  if (said_ || ends_ < (certain ? kCertain : kLikely)) return std::nullopt;
  said_ = true;
  return certain;
}

}  // namespace tocsin::net
