#include "net/mqtt_presence_doubts.h"

#include <utility>

namespace tocsin::net {

bool MqttPresenceDoubts::is_sent(Time now) const {
  return wanted_ && !refused_ && !is_resting(now);
}

bool MqttPresenceDoubts::begin(Time now) {
  const bool with_will = is_sent(now) && (!guarded_ || login_proven_);
  if (with_will && will_ == Will::untried) will_ = Will::sent;
  return with_will;
}

bool MqttPresenceDoubts::accepted(Time now) {
  const bool was_proven = std::exchange(login_proven_, true);
  if (guarded_ && !was_proven && is_sent(now)) return true;
  if (will_ == Will::sent) will_ = Will::accepted;
  return false;
}

bool MqttPresenceDoubts::refused(const Refusal& refusal) {
  const bool may_be_will = refusal.not_authorized && wanted_;
  if (!guarded_) {
    if (may_be_will) refused_ = !refused_;
    return false;
  }
  if (may_be_will && will_ == Will::sent) {
    refused_ = true;
    return false;
  }
  if (!refusal.login) return false;
  login_proven_ = refused_ = false;
  will_ = Will::untried;
  return true;
}

void MqttPresenceDoubts::dropped(bool in_flight, Time now) {
  if (!in_flight) {
    rests_until_ = Time::min();
    return;
  }
  if (++drops_ < kDrops) return;
  drops_ = 0;
  rests_until_ = now + kRest;
}

}  // namespace tocsin::net
