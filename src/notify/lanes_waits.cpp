// The part of Lanes that answers questions about what waits.
#include <algorithm>

#include "notify/lanes.h"
#include "notify/lanes_part.h"

namespace tocsin::notify {

void Lanes::explain(const std::string& reason, Now now) {
  if (turns_.empty()) return;
  const auto tell = [&](store::Delivery& one) {
    if (one.last_error == reason) return;
    one.last_error = reason;
    outcomes_.push_back(
        {.delivery = one, .update = update_of(one, store::DeliveryState::pending, now, reason)});
  };
  const Turn& turn = turns_.front();
  if (auto* const* window = std::get_if<Window*>(&turn)) {
    for (Lane* lane : (*window)->collected) tell(lane->queue.front());
  } else {
    for (store::Delivery* member : std::get<Sending*>(turn)->members) tell(*member);
  }
}

std::optional<Time> Lanes::wake(Now now) const {
  if (in_flight_ >= rules_.parallel) return std::nullopt;
  if (!turns_.empty()) return std::max(now.steady, paused_until_);
  Time next = windows_.wake();
  for (const auto* all : {&waiting_, &escalations_}) {
    if (!all->empty()) next = std::min(next, all->begin()->first);
  }
  if (!retries_.empty()) next = std::min(next, retries_.begin()->first);
  if (next == Time::max()) return std::nullopt;
  return std::max(next, paused_until_);
}

std::pair<const store::Delivery*, Wait> Lanes::find_wait(const HostName& host,
                                                         const ServiceName& service,
                                                         Now now) const {
  const auto found = lanes_.find(key_of(host, service));
  if (found == lanes_.end()) return {};
  const Lane& lane = found->second;
  if (lane.queue.empty()) {
    if (!lane.escalation) return {};
    return {&*lane.escalation,
            {.reason = Wait::Reason::escalation, .until = now.to_wall(lane.escalates_at)}};
  }
  const store::Delivery& newest = lane.queue.back();
  const std::size_t ahead = std::max<std::size_t>(lane.taken, 1);
  if (lane.queue.size() > ahead)
    return {&newest, {.reason = Wait::Reason::older, .older = lane.queue.size() - 1}};
  if (lane.sending != nullptr && lane.sending->phase == Sending::Phase::in_flight) return {};
  return {&newest, wait_of_head(lane, now)};
}

Wait Lanes::wait_of_head(const Lane& lane, Now now) const {
  using enum Wait::Reason;
  const auto until = [&](Wait::Reason reason, Time due) {
    return Wait{.reason = reason, .until = now.to_wall(due)};
  };
  if (lane.phase == Lane::Phase::waiting)
    return until(lane.is_limited ? rate_limit : retry, lane.due);
  if (lane.phase == Lane::Phase::taken && lane.sending == nullptr) return {.reason = group};
  if (lane.sending != nullptr && lane.sending->phase == Sending::Phase::waiting)
    return until(retry, lane.sending->due);
  if (lane.phase == Lane::Phase::collected) {
    const Window* window = windows_.find(group_key(lane.queue.front().alert));
    if (window != nullptr && !window->in_turn && window->due > now.steady)
      return until(group, window->due);
  }
  if (now.steady < paused_until_) return until(pause, paused_until_);
  return {.reason = in_flight_ >= rules_.parallel ? parallel : turn};
}

bool Lanes::has_open(const HostName& host, const ServiceName& service) const {
  const auto found = lanes_.find(key_of(host, service));
  if (found == lanes_.end()) return false;
  const Lane& lane = found->second;
  return lane.open || lane.escalation || !lane.queue.empty();
}

std::vector<std::string> Lanes::still_firing(const Sending& sending) const {
  std::set<HostName> hosts;
  std::map<std::string, std::optional<store::OpenAlert>> open;  // by the end of the message
  for (const store::Delivery* member : sending.members) {
    hosts.insert(member->alert.host);
    open[key_of(member->alert)] =
        is_resolved(member->alert) ? std::nullopt : std::optional(store::open_by(*member));
  }
  for (const auto& [key, lane] : lanes_) {
    if (lane.open && hosts.contains(lane.open->host)) open.try_emplace(key, lane.open);
  }
  std::vector<std::string> names;
  for (const auto& [key, one] : open) {
    if (!one) continue;
    const bool says_where = hosts.size() > 1 && !one->service.empty();
    names.push_back(says_where ? one->name + " on " + one->host.text() : one->name);
  }
  return names;
}

store::Delivery* Lanes::find(const store::Delivery& delivery) {
  const auto found = lanes_.find(key_of(delivery.alert));
  if (found == lanes_.end()) return nullptr;
  auto& [key, lane] = *found;
  if (lane.escalation && lane.escalation->id == delivery.id) return &*lane.escalation;
  const auto one = std::ranges::find(lane.queue, delivery.id, &store::Delivery::id);
  return one == lane.queue.end() ? nullptr : &*one;
}

std::vector<store::Delivery> Lanes::unstored() const {
  std::vector<store::Delivery> found;
  for (const auto& [key, lane] : lanes_) {
    std::int64_t before = 0;
    for (const store::Delivery& one : lane.queue) {
      before = std::max(before, one.sequence);
      if (one.sequence > 0) continue;
      found.push_back(one);
      found.back().follows = before;
    }
    if (lane.escalation && lane.escalation->sequence == 0) found.push_back(*lane.escalation);
  }
  for (store::Delivery& one : found) one.group.clear();  // no store holds its message
  return found;
}

}  // namespace tocsin::notify
