#include "notify/lanes.h"

#include <algorithm>
#include <iterator>

#include "notify/lanes_part.h"

namespace tocsin::notify {
namespace {

/// A delay by less is none that readers care for.
constexpr Duration kWorthSaying = std::chrono::seconds(1);
constexpr const char* kEscalated = "escalated";
constexpr const char* kEndedInTime = "ended before the escalation was due";
constexpr const char* kNotNotifiedBefore = "what it ends was not notified here";
std::string notified_by(const store::Delivery& later) { return "notified by " + later.id.value; }

/// What the delay of the rate limit has cost is said: the change is no longer news.
void say_when(store::Delivery& delivery, Now now) {
  if (now.wall - delivery.created < kWorthSaying) return;
  delivery.alert.reason =
      join_reasons(std::move(delivery.alert.reason), "happened at " + iso_time(delivery.created));
}

void mark_escalated(store::Delivery& delivery) {
  delivery.escalated = true;
  delivery.alert.across_hosts = true;
  auto& reason = delivery.alert.reason;
  if (!reason.ends_with(kEscalated)) reason = join_reasons(std::move(reason), kEscalated);
}

}  // namespace

Lanes::Lanes(LaneRules rules, LaneDeps deps)
    : rules_(rules), deps_(std::move(deps)), windows_(rules.grouping) {}

void Lanes::remember(const store::LastDelivered& last, Now now) {
  if (last.at > now.wall) return;  // written before somebody set the clock back
  std::string key = key_of(last.host, last.service);
  const Time at = now.steady - (now.wall - last.at);
  Time& accepted = lanes_[key].accepted.try_emplace(last.kind, at).first->second;
  accepted = std::max(accepted, at);
  expiries_.emplace_back(at + rules_.rate_limits.longest(), std::move(key));
}

void Lanes::remember(const store::OpenAlert& open) {
  lanes_[key_of(open.host, open.service)].open = open;
}

void Lanes::expect(const std::string& group, std::size_t members) {
  expected_.try_emplace(group, Expected{.members = members, .lanes = {}});
}

void Lanes::stop_expecting(Now now) {
  std::map<std::string, std::size_t> come;
  for (const auto& [key, lane] : lanes_) {
    for (const store::Delivery& one : lane.queue) ++come[one.group];
  }
  std::vector<Lane*> begun_anew;
  std::erase_if(expected_, [&](auto& entry) {
    auto& [group, expected] = entry;
    if (come[group] >= expected.members) return false;
    std::ranges::copy(expected.lanes, std::back_inserter(begun_anew));
    return true;
  });
  for (Lane* lane : begun_anew) {
    lane->taken = 0;
    arrange(*lane, now);
  }
}

void Lanes::add(store::Delivery delivery, Now now) {
  const std::string key = key_of(delivery.alert);
  Lane& lane = lanes_[key];
  if (delivery.escalated) mark_escalated(delivery);
  if (is_escalation(delivery)) {
    if (!knows(lane)) {
      if (!expected_.contains(delivery.group))
        return escalate_later(lane, std::move(delivery), now);
      mark_escalated(delivery);  // an earlier run has found it due
    }
    delivery.not_before = delivery.created;
  }
  if (lane.escalation) {
    end_escalation(lane, is_resolved(delivery.alert) ? kEndedInTime : notified_by(delivery), now);
  }
  append(lane, std::move(delivery), now);
  if (lane.queue.empty()) forget_if_spent(key, now);
}

/// Whether the alert that fires now was notified. A resolved one on its way ends what was notified:
/// a firing one after it is a new alert.
bool Lanes::knows(const Lane& lane) {
  return lane.open && std::ranges::none_of(lane.queue, [](const store::Delivery& one) {
           return is_resolved(one.alert);
         });
}

/// It takes the place and the time of one that waits already.
void Lanes::escalate_later(Lane& lane, store::Delivery delivery, Now now) {
  Time due = due_of(delivery, now);
  if (lane.escalation) {
    const Time before = lane.escalation->not_before;
    due = std::min(due, lane.escalates_at);
    end_escalation(lane, notified_by(delivery), now);
    delivery.not_before = std::min(delivery.not_before, before);
    outcomes_.push_back({.delivery = delivery,
                         .update = update_of(delivery, store::DeliveryState::pending, now, {})});
  }
  lane.escalates_at = due;
  escalations_.emplace(lane.escalates_at, &lane);
  lane.escalation = std::make_unique<store::Delivery>(std::move(delivery));
}

void Lanes::end_escalation(Lane& lane, std::string why, Now now) {
  escalations_.erase({lane.escalates_at, &lane});
  auto update = update_of(*lane.escalation, store::DeliveryState::merged, now, std::move(why));
  outcomes_.push_back({.delivery = std::move(*lane.escalation), .update = std::move(update)});
  lane.escalation.reset();
}

/// Its time has come.
void Lanes::escalate(Lane& lane, Now now) {
  escalations_.erase({lane.escalates_at, &lane});
  const auto escalation = std::exchange(lane.escalation, nullptr);
  auto& delivery = *escalation;
  delivery.not_before = std::min(delivery.not_before, now.wall);
  mark_escalated(delivery);
  append(lane, std::move(delivery), now);
}

/// What is withheld waits until nothing withholds it any more; if it is resolved by then, it is
/// ended like any other.
void Lanes::begin_escalations(Now now) {
  while (!escalations_.empty() && escalations_.begin()->first <= now.steady) {
    Lane& lane = *escalations_.begin()->second;
    const auto withheld =
        deps_.withheld ? deps_.withheld(lane.escalation->alert, now.wall) : std::nullopt;
    if (!withheld) {
      escalate(lane, now);
      continue;
    }
    escalations_.erase(escalations_.begin());
    lane.escalates_at =
        std::max(now.to_steady(withheld->until, kWithheldRest), now.steady + Duration(1));
    escalations_.emplace(lane.escalates_at, &lane);
  }
}

void Lanes::append(Lane& lane, store::Delivery delivery, Now now) {
  // A later time is from before the clock was set back.
  const Duration age = std::max(now.wall - delivery.created, Duration(0));
  lane.queue.push_back({std::move(delivery), ++places_, now.steady, age});
  ++size_;
  if (lane.phase == Lane::Phase::idle) {
    arrange(lane, now);
  } else if (lane.phase == Lane::Phase::taken && lane.sending == nullptr) {
    join_expected(lane, now);
  }
}

/// Until when it must wait for the rate limit; in the past when it need not.
Time Lanes::limited_until(const Lane& lane, const Alert& alert) const {
  const auto last = lane.accepted.find(alert.kind);
  return last == lane.accepted.end() ? Time::min() : last->second + rules_.rate_limits.of(alert);
}

/// Decides what the head of a lane does next of which nothing is on its way.
void Lanes::arrange(Lane& lane, Now now) {
  lane.phase = Lane::Phase::idle;
  while (!lane.queue.empty()) {
    const store::Delivery& head = lane.queue.front();
    if (is_end_for_notified(head) && !lane.open && !expected_.contains(head.group)) {
      merge_head(lane, kNotNotifiedBefore, now);
      continue;
    }
    const bool is_free = lane.released > 0 || expected_.contains(head.group);
    const Time limited = is_free ? Time::min() : limited_until(lane, head.alert);
    lane.is_limited = limited > now.steady;
    lane.due = std::max(limited, due_of(head, now));
    if (lane.due > now.steady) {
      lane.phase = Lane::Phase::waiting;
      waiting_.emplace(lane.due, &lane);
    } else {
      come_up(lane, now);
    }
    return;
  }
}

/// What has waited for the rate limit, or behind what has, leaves without waiting again.
void Lanes::release(Lane& lane, Now now) {
  lane.released = 0;
  for (Queued& delivery : lane.queue) {
    if (delivery.since > lane.due) break;
    ++lane.released;
    say_when(delivery, now);
  }
}

/// Its head may leave.
void Lanes::come_up(Lane& lane, Now now) {
  store::Delivery& head = lane.queue.front();
  if (!head.group.empty() && expected_.contains(head.group)) return join_expected(lane, now);
  head.group.clear();
  const auto key = leaves_alone(head) ? std::string() : group_key(head.alert);
  if (key.empty()) {
    lane.taken = 1;
    return give_turn(begin({&lane}, now));
  }
  const Window* window = windows_.find(key);
  const auto before = window == nullptr ? AlertSeverity::info : window->highest;
  if (!windows_.collect(key, turn_of(head.alert), lane, now.steady)) return;
  // It waits for its turn, which is an earlier one now.
  Window* worse = windows_.find(key);
  turns_.remove(before, worse->host, worse);
  if (std::ranges::find(parked_, worse) == parked_.end()) give_turn(*worse);
}

/// With as many of the lane's first ones as belong to the group: it leaves when all its members
/// have come.
void Lanes::join_expected(Lane& lane, Now now) {
  const auto group = lane.queue.front().group;
  auto& expected = expected_.at(group);
  if (lane.phase != Lane::Phase::taken) expected.lanes.push_back(&lane);
  lane.phase = Lane::Phase::taken;
  lane.taken = 0;
  for (const store::Delivery& one : lane.queue) {
    if (one.group != group) break;
    ++lane.taken;
  }
  std::size_t come = 0;
  for (const Lane* one : expected.lanes) come += one->taken;
  if (come < expected.members) return;
  auto lanes = std::move(expected.lanes);
  expected_.erase(group);
  give_turn(begin(std::move(lanes), now, {group}));
}

void Lanes::merge_head(Lane& lane, std::string why, Now now) {
  store::Delivery head = remove_head(lane);
  auto update = update_of(head, store::DeliveryState::merged, now, std::move(why));
  outcomes_.push_back({.delivery = std::move(head), .update = std::move(update)});
}

store::Delivery Lanes::remove_head(Lane& lane) {
  store::Delivery head = std::move(lane.queue.front());
  lane.queue.pop_front();
  if (lane.released > 0) --lane.released;
  --size_;
  return head;
}

/// Forgets a lane that is empty, limits nothing any more, and says nothing about what comes.
void Lanes::forget_if_spent(const std::string& key, Now now) {
  const auto found = lanes_.find(key);
  if (found == lanes_.end() || !found->second.queue.empty()) return;
  if (found->second.open || found->second.escalation) return;
  const bool limits = std::ranges::any_of(found->second.accepted, [&](const auto& entry) {
    return entry.second + rules_.rate_limits.longest() > now.steady;
  });
  if (!limits) lanes_.erase(found);
}

void Lanes::forget_expired(Now now) {
  for (; !expiries_.empty() && expiries_.front().first <= now.steady; expiries_.pop_front()) {
    forget_if_spent(expiries_.front().second, now);
  }
}

}  // namespace tocsin::notify
