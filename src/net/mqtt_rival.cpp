#include "net/mqtt_rival.h"

#include <algorithm>

namespace tocsin::net {

std::optional<bool> MqttRival::ended(const Ending& ending) {
  const auto& [how, lasted, quiet] = ending;
  if (lasted >= kUnrivalled) *this = {};
  if (how == MqttEnd::unexplained && quiet < kVerdict) return std::nullopt;
  ends_ = how == MqttEnd::other ? 0 : std::min(ends_ + 1, kLikely);
  const bool certain = how == MqttEnd::taken_over;
  if (said_ || ends_ < (certain ? kCertain : kLikely)) return std::nullopt;
  said_ = true;
  return certain;
}

}  // namespace tocsin::net
