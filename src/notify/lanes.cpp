#include "notify/lanes.h"

#include <algorithm>
#include <array>

namespace tocsin::notify {
namespace {

/// A clock that goes back by less has been corrected, not set.
constexpr Duration kClockCorrection = std::chrono::minutes(1);

store::DeliveryUpdate update_of(const store::Delivery& delivery, store::DeliveryState state,
                                Time now, std::string detail) {
  return {.id = delivery.id,
          .state = state,
          .attempts = delivery.attempts,
          .at = now,
          .not_before = delivery.not_before,
          .detail = std::move(detail)};
}

std::string key_of(const HostName& host, const ServiceName& service) {
  return host.key() + '\0' + service.key();
}
std::string key_of(const Alert& alert) { return key_of(alert.host, alert.service); }

constexpr const char* kEndedInTime = "ended before the escalation was due";
constexpr const char* kNotNotifiedBefore = "what it ends was not notified here";
std::string notified_by(const store::Delivery& later) { return "notified by " + later.id.value; }

}  // namespace

std::chrono::seconds RateLimits::of(TransitionKind kind) const {
  if (kind == TransitionKind::stopped) return down;
  if (kind == TransitionKind::started) return up;
  return ends_well(kind, row_of(kind).leads_to, Expected::running) ? other_up.value_or(up)
                                                                   : other_down.value_or(down);
}

Lanes::Lanes(LaneRules rules, RandomFill random) : rules_(rules), random_(std::move(random)) {}

void Lanes::remember(const store::LastDelivered& last) {
  std::string key = key_of(last.host, last.service);
  Time& accepted = lanes_[key].kinds[last.kind].accepted;
  accepted = std::max(accepted, last.at);
  expiries_.emplace_back(last.at + rules_.rate_limits.of(last.kind), std::move(key));
}

void Lanes::remember(const store::OpenAlert& open) {
  lanes_[key_of(open.host, open.service)].notified = true;
}

void Lanes::add(store::Delivery delivery, Time now) {
  const std::string key = key_of(delivery.alert);
  Lane& lane = lanes_[key];
  if (is_escalation(delivery)) {
    if (!knows(lane)) return escalate_later(lane, std::move(delivery), now);
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
  return lane.notified && std::ranges::none_of(lane.queue, [](const store::Delivery& one) {
           return is_resolved(one.alert);
         });
}

/// It takes the place and the time of one that waits already. Its own time is believed as far as it
/// waits no longer than it was to: what is later is from before the clock was set back.
void Lanes::escalate_later(Lane& lane, store::Delivery delivery, Time now) {
  lane.escalates_at = std::min(delivery.not_before, now + (delivery.not_before - delivery.created));
  if (lane.escalation) {
    const Time before = lane.escalation->not_before;
    lane.escalates_at = std::min(lane.escalates_at, before);
    end_escalation(lane, notified_by(delivery), now);
    delivery.not_before = std::min(delivery.not_before, before);
    outcomes_.push_back({.delivery = delivery,
                         .update = update_of(delivery, store::DeliveryState::pending, now, {})});
  }
  escalations_.emplace(lane.escalates_at, &lane);
  lane.escalation = std::move(delivery);
}

void Lanes::end_escalation(Lane& lane, std::string why, Time now) {
  escalations_.erase({lane.escalates_at, &lane});
  auto update = update_of(*lane.escalation, store::DeliveryState::merged, now, std::move(why));
  outcomes_.push_back({.delivery = *std::move(lane.escalation), .update = std::move(update)});
  lane.escalation.reset();
}

/// Its time has come.
void Lanes::escalate(Lane& lane, Time now) {
  escalations_.erase({lane.escalates_at, &lane});
  store::Delivery delivery = *std::exchange(lane.escalation, std::nullopt);
  delivery.not_before = std::min(delivery.not_before, now);
  delivery.alert.reason = join_reasons(std::move(delivery.alert.reason), "escalated");
  append(lane, std::move(delivery), now);
}

void Lanes::append(Lane& lane, store::Delivery delivery, Time now) {
  const TransitionKind kind = delivery.alert.kind;
  lane.queue.push_back(std::move(delivery));
  ++lane.kinds[kind].waiting;
  ++size_;
  const bool may_merge = lane.phase == Phase::waiting && lane.queue.front().alert.kind == kind;
  if (lane.phase == Phase::idle || may_merge) arrange(lane, now);
}

bool Lanes::has_next(Time now) {
  follow_clock(now);
  while (!escalations_.empty() && escalations_.begin()->first <= now) {
    escalate(*escalations_.begin()->second, now);
  }
  for (; !waiting_.empty() && waiting_.begin()->first <= now; waiting_.erase(waiting_.begin())) {
    Lane* lane = waiting_.begin()->second;
    lane->phase = Phase::ready;
    ready_.push_back(lane);
  }
  return !ready_.empty() && in_flight_.size() < rules_.parallel && now >= paused_until_;
}

const store::Delivery* Lanes::take(Time now) {
  if (!has_next(now)) return nullptr;
  Lane* lane = ready_.front();
  ready_.pop_front();
  lane->phase = Phase::in_flight;
  store::Delivery& head = lane->queue.front();
  ++head.attempts;
  if (rules_.interval.count() > 0) paused_until_ = now + rules_.interval;
  in_flight_.emplace(head.id, lane);
  return &head;
}

Outcome Lanes::settle(const DeliveryId& id, const Answer& answer, Time now) {
  Lane& lane = *in_flight_.at(id);
  in_flight_.erase(id);
  lane.phase = Phase::idle;
  if (const auto* later = std::get_if<RetryAfter>(&answer)) return retry(lane, *later, now);
  if (const auto* refused = std::get_if<LoginRefused>(&answer)) return keep(lane, *refused, now);
  if (const auto* rejected = std::get_if<Rejected>(&answer)) {
    return finish(lane, store::DeliveryState::dead, rejected->reason, now);
  }
  const store::Delivery& head = lane.queue.front();
  const TransitionKind kind = head.alert.kind;
  lane.kinds.at(kind).accepted = now;
  lane.notified = (lane.notified || head.conditional) && !is_resolved(head.alert);
  expiries_.emplace_back(now + rules_.rate_limits.of(kind), key_of(head.alert));
  return finish(lane, store::DeliveryState::delivered, std::get<Delivered>(answer).detail, now);
}

/// The lane's head has met its end; the next one comes up.
Outcome Lanes::finish(Lane& lane, store::DeliveryState state, std::string detail, Time now) {
  store::Delivery head = remove_head(lane);
  auto update = update_of(head, state, now, std::move(detail));
  arrange(lane, now);
  if (lane.escalation && knows(lane)) escalate(lane, now);
  forget_if_spent(key_of(head.alert), now);
  forget_expired(now);
  return {.delivery = std::move(head), .update = std::move(update)};
}

Outcome Lanes::retry(Lane& lane, const RetryAfter& answer, Time now) {
  store::Delivery& head = lane.queue.front();
  head.last_error = answer.reason;
  Duration wait = backoff(head.attempts);
  if (answer.after) {
    const Duration pause = std::clamp(*answer.after, std::chrono::seconds(0), kLongestPause);
    paused_until_ = std::max(paused_until_, now + pause);
    wait = std::max(wait, pause);
  }
  if (now - head.created >= kGiveUpAge && head.attempts >= kGiveUpAttempts) {
    return finish(lane, store::DeliveryState::dead,
                  "given up after " + std::to_string(head.attempts) +
                      " attempts; the last answer: " + answer.reason,
                  now);
  }
  head.not_before = now + wait;
  Outcome outcome{.delivery = head,
                  .update = update_of(head, store::DeliveryState::pending, now, answer.reason)};
  arrange(lane, now);
  return outcome;
}

void Lanes::explain(const std::string& reason, Time now) {
  if (ready_.empty()) return;
  store::Delivery& head = ready_.front()->queue.front();
  if (head.last_error == reason) return;
  head.last_error = reason;
  outcomes_.push_back(
      {.delivery = head, .update = update_of(head, store::DeliveryState::pending, now, reason)});
}

/// It says nothing about the delivery, which keeps its place and is never given up for it.
Outcome Lanes::keep(Lane& lane, const LoginRefused& answer, Time now) {
  store::Delivery& head = lane.queue.front();
  head.last_error = answer.reason;
  Outcome outcome{.delivery = head,
                  .update = update_of(head, store::DeliveryState::pending, now, answer.reason)};
  arrange(lane, now);
  return outcome;
}

std::optional<Time> Lanes::wake(Time now) const {
  if (in_flight_.size() >= rules_.parallel) return std::nullopt;
  if (!ready_.empty()) return std::max(now, paused_until_);
  if (waiting_.empty() && escalations_.empty()) return std::nullopt;
  Time next = Time::max();
  for (const auto* all : {&waiting_, &escalations_}) {
    if (!all->empty()) next = std::min(next, all->begin()->first);
  }
  return std::max(next, paused_until_);
}

std::pair<const store::Delivery*, Wait> Lanes::find_wait(const HostName& host,
                                                         const ServiceName& service,
                                                         Time now) const {
  using enum Wait::Reason;
  const auto found = lanes_.find(key_of(host, service));
  if (found == lanes_.end()) return {};
  const Lane& lane = found->second;
  if (lane.queue.empty()) {
    if (!lane.escalation) return {};
    return {&*lane.escalation, {.reason = escalation, .until = lane.escalates_at}};
  }
  const store::Delivery& newest = lane.queue.back();
  if (lane.queue.size() > 1) return {&newest, {.reason = older, .older = lane.queue.size() - 1}};
  if (lane.phase == Phase::in_flight) return {};
  if (lane.phase == Phase::waiting) {
    const Time accepted = lane.kinds.at(newest.alert.kind).accepted;
    const bool limited = limited_until(newest.alert.kind, accepted, now) > now;
    return {&newest, {.reason = limited ? rate_limit : retry, .until = lane.due}};
  }
  if (now < paused_until_) return {&newest, {.reason = pause, .until = paused_until_}};
  return {&newest, {.reason = in_flight_.size() >= rules_.parallel ? parallel : turn}};
}

std::vector<store::Delivery> Lanes::unstored() const {
  std::vector<store::Delivery> found;
  for (const auto& [key, lane] : lanes_) {
    std::ranges::copy_if(lane.queue, std::back_inserter(found),
                         [](const store::Delivery& one) { return one.sequence == 0; });
    if (lane.escalation && lane.escalation->sequence == 0) found.push_back(*lane.escalation);
  }
  return found;
}

/// Until when one of this kind must wait for the rate limit; in the past when it need not. A time
/// of acceptance in the future was written before somebody set the clock back: it limits nothing.
Time Lanes::limited_until(TransitionKind kind, Time accepted, Time now) const {
  if (accepted == Time::min() || accepted > now) return Time::min();
  return accepted + rules_.rate_limits.of(kind);
}

Duration Lanes::backoff(int attempts) const {
  constexpr int kMostDoublings = 16;
  const Duration ceiling =
      std::min(kLongestBackoff, kFirstBackoff * (1 << std::clamp(attempts - 1, 0, kMostDoublings)));
  std::array<std::uint8_t, 4> bytes{};
  random_(bytes);
  std::uint64_t drawn = 0;
  for (const std::uint8_t byte : bytes) drawn = drawn << 8 | byte;
  const auto share = static_cast<std::uint64_t>(ceiling.count()) * drawn >> 32;
  return Duration(static_cast<Duration::rep>(share));
}

/// Decides what the head of a lane with nothing in flight does next.
void Lanes::arrange(Lane& lane, Time now) {
  if (lane.phase == Phase::waiting) waiting_.erase({lane.due, &lane});
  lane.phase = Phase::idle;
  while (!lane.queue.empty()) {
    const store::Delivery& head = lane.queue.front();
    if (head.conditional && is_resolved(head.alert) && !lane.notified) {
      merge_head(lane, kNotNotifiedBefore, now);
      continue;
    }
    const OfKind& kind = lane.kinds.at(head.alert.kind);
    const Time limited = limited_until(head.alert.kind, kind.accepted, now);
    if (limited > now && kind.waiting > 1) {
      const auto later =
          std::find_if(std::next(lane.queue.begin()), lane.queue.end(),
                       [&](const auto& one) { return one.alert.kind == head.alert.kind; });
      merge_head(lane, "within the rate limit; " + notified_by(*later), now);
      continue;
    }
    // Nothing of ours reaches further ahead: a later time is from before the clock was set back.
    const bool believable = head.not_before <= now + kLongestPause;
    lane.due = std::max(limited, believable ? head.not_before : now);
    if (lane.due > now) {
      lane.phase = Phase::waiting;
      waiting_.emplace(lane.due, &lane);
    } else {
      lane.phase = Phase::ready;
      ready_.push_back(&lane);
    }
    return;
  }
}

void Lanes::merge_head(Lane& lane, std::string why, Time now) {
  store::Delivery head = remove_head(lane);
  auto update = update_of(head, store::DeliveryState::merged, now, std::move(why));
  outcomes_.push_back({.delivery = std::move(head), .update = std::move(update)});
}

store::Delivery Lanes::remove_head(Lane& lane) {
  store::Delivery head = std::move(lane.queue.front());
  lane.queue.pop_front();
  --lane.kinds.at(head.alert.kind).waiting;
  --size_;
  return head;
}

/// When somebody sets the clock back, what waits does not wait for so much longer.
void Lanes::follow_clock(Time now) {
  const Duration back = latest_ == Time::min() ? Duration(0) : latest_ - now;
  if (back > kClockCorrection) {
    const auto move = [back](std::set<std::pair<Time, Lane*>>& all, Time Lane::* time) {
      std::set<std::pair<Time, Lane*>> moved;
      for (const auto& [due, lane] : all) {
        lane->*time = due - back;
        moved.emplace(lane->*time, lane);
      }
      all = std::move(moved);
    };
    move(waiting_, &Lane::due);
    move(escalations_, &Lane::escalates_at);
    if (paused_until_ != Time::min()) paused_until_ -= back;
    latest_ = now;
  }
  latest_ = std::max(latest_, now);
}

/// Forgets a lane that is empty, limits nothing any more, and says nothing about what comes.
void Lanes::forget_if_spent(const std::string& key, Time now) {
  const auto found = lanes_.find(key);
  if (found == lanes_.end() || !found->second.queue.empty()) return;
  if (found->second.notified || found->second.escalation) return;
  const bool limits = std::ranges::any_of(found->second.kinds, [&](const auto& entry) {
    return limited_until(entry.first, entry.second.accepted, now) > now;
  });
  if (!limits) lanes_.erase(found);
}

void Lanes::forget_expired(Time now) {
  for (; !expiries_.empty() && expiries_.front().first <= now; expiries_.pop_front()) {
    forget_if_spent(expiries_.front().second, now);
  }
}

}  // namespace tocsin::notify
