// The part of Lanes that says what leaves next, and what becomes of it.
#include <algorithm>
#include <bit>
#include <iterator>

#include <fmt/format.h>

#include "notify/lanes.h"
#include "notify/lanes_part.h"

namespace tocsin::notify {
namespace {

/// What windows have in common whose alerts may share a message, whatever their hosts.
static std::string shared_part(std::string_view key) {
  return std::string(key.substr(0, key.rfind('\0')));
}

}  // namespace

/// Empty: it shares no message.
std::string Lanes::group_key(const Alert& alert) const {
  if (!deps_.group_of || !rules_.grouping.is_on()) return {};
  auto key = deps_.group_of(alert);
  if (!key.empty()) key += '\0' + turn_of(alert);
  return key;
}

bool Lanes::has_next(Now now) {
  begin_escalations(now);
  while (!waiting_.empty() && waiting_.begin()->first <= now.steady) {
    Lane& lane = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    if (std::exchange(lane.is_limited, false)) release(lane, now);
    come_up(lane, now);
  }
  while (!retries_.empty() && retries_.begin()->first <= now.steady) {
    Sending& sending = *retries_.begin()->second;
    retries_.erase(retries_.begin());
    sending.woken = false;
    give_turn(sending);
  }
  for (Window* window : windows_.take_due(now.steady)) give_turn(*window);

  const auto is_window_next = [&] {
    return !turns_.empty() && std::holds_alternative<Window*>(turns_.front());
  };
  if (!parked_.empty() || is_window_next()) {
    if (may_begin()) {
      for (Window* window : std::exchange(parked_, {})) give_turn(*window);
    } else {
      while (is_window_next()) parked_.push_back(std::get<Window*>(turns_.pop()));
    }
  }
  return !turns_.empty() && in_flight_ < rules_.parallel && now.steady >= paused_until_;
}

/// The destination has accepted something: whatever waits for it is tried. A sending that fails
/// even so waits out its back-off, so that not every delivery brings one more attempt at it.
void Lanes::wake_all(Now now) {
  for (auto next = retries_.begin(); next != retries_.end();) {
    Sending& sending = *next->second;
    if (std::exchange(sending.woken, true)) {
      ++next;
      continue;
    }
    next = retries_.erase(next);
    give_turn(sending);
  }
  for (auto next = waiting_.begin(); next != waiting_.end();) {  // since an earlier run
    Lane& lane = *next->second;
    if (lane.is_limited) {
      ++next;
      continue;
    }
    next = waiting_.erase(next);
    come_up(lane, now);
  }
}

/// Whether a group that has not been tried yet may be. Each attempt fixes what its message says, so
/// while the destination fails few are begun: one more each time that the attempts have doubled.
bool Lanes::may_begin() const {
  if (!failing_) return true;
  std::size_t begun = 0;
  unsigned attempts = 0;
  for (const auto& [id, sending] : sendings_) {
    if (sending.attempts() == 0) continue;
    begun++;
    attempts = std::max(attempts, static_cast<unsigned>(sending.attempts()));
  }
  return begun < 1 + static_cast<std::size_t>(std::bit_width(attempts));
}

void Lanes::give_turn(Sending& sending) {
  sending.phase = Sending::Phase::turn;
  const auto* worst = std::ranges::max(
      sending.members, {}, [](const store::Delivery* one) { return one->alert.severity; });
  turns_.push(worst->alert.severity, turn_of(worst->alert), &sending);
}

void Lanes::give_turn(Window& window) { turns_.push(window.highest, window.host, &window); }

const Sending* Lanes::take(Now now) {
  if (!has_next(now)) return nullptr;
  const Turn turn = turns_.pop();
  auto* const* window = std::get_if<Window*>(&turn);
  Sending& sending = window != nullptr ? begin(**window, now) : *std::get<Sending*>(turn);
  sending.phase = Sending::Phase::in_flight;
  ++in_flight_;
  for (store::Delivery* member : sending.members) ++member->attempts;
  if (rules_.interval.count() > 0) paused_until_ = now.steady + rules_.interval;
  return &sending;
}

/// Takes the first `taken` deliveries of each lane. Without an id it gets that of its only member,
/// or a new one.
Sending& Lanes::begin(std::vector<Lane*> lanes, Now now, DeliveryId id) {
  Sending sending;
  for (Lane* lane : lanes) {
    auto next = lane->queue.begin();
    for (std::size_t i = 0; i < lane->taken; ++i) sending.members.push_back(&*next++);
  }
  std::ranges::sort(sending.members, {}, &Queued::place);
  if (id.value.empty()) {
    const auto& first = *sending.members.front();
    id = sending.members.size() == 1 ? first.id : DeliveryId{make_uuid(now.wall, deps_.random)};
  }
  sending.id = id;
  sending.lanes = std::move(lanes);
  const auto [place, is_new] = sendings_.insert_or_assign(id, std::move(sending));
  for (Lane* lane : place->second.lanes) {
    lane->phase = Lane::Phase::taken;
    lane->sending = &place->second;
  }
  return place->second;
}

/// The window, and with it others where many wait.
Sending& Lanes::begin(Window& window, Now now) {
  std::vector<Lane*> lanes;
  const auto group = shared_part(window.key);
  auto members = take_from(window, kMostMembers, lanes, now);
  while (Window* next = next_to_share(group, members)) {
    turns_.pop();
    members += take_from(*next, kMostShared - members, lanes, now);
  }
  Sending& sending = begin(std::move(lanes), now);
  for (store::Delivery* member : sending.members) member->group = sending.id.value;
  return sending;
}

/// The window whose turn it is, if it may leave with what is taken already; else null.
Window* Lanes::next_to_share(std::string_view group, std::size_t members) const {
  if (turns_.empty() || rules_.interval * turns_.size() <= kSharedAfter) return nullptr;
  const Turn turn = turns_.front();
  auto* const* window = std::get_if<Window*>(&turn);
  if (window == nullptr || shared_part((*window)->key) != group) return nullptr;
  return members + (*window)->collected.size() <= kMostShared ? *window : nullptr;
}

/// Takes what is collected there, at most so many; answers how many.
std::size_t Lanes::take_from(Window& window, std::size_t most, std::vector<Lane*>& lanes, Now now) {
  std::size_t members = 0;
  auto highest = AlertSeverity::info;
  std::ptrdiff_t count = 0;
  for (Lane* lane : window.collected) {
    if (members >= most) break;
    lane->taken = fitting(*lane, window.key, most - members, now);
    members += lane->taken;
    lanes.push_back(lane);
    ++count;
    auto next = lane->queue.begin();
    for (std::size_t i = 0; i < lane->taken; ++i, ++next)
      highest = std::max(highest, next->alert.severity);
  }
  window.collected.erase(window.collected.begin(), window.collected.begin() + count);
  windows_.left(window, highest, now.steady);
  return members;
}

/// How many of the lane's first ones leave in the same message: those that could follow at once.
std::size_t Lanes::fitting(const Lane& lane, const std::string& key, std::size_t most,
                           Now now) const {
  std::size_t count = 0;
  bool notified = lane.open.has_value();
  std::set<TransitionKind> kinds;
  for (const store::Delivery& one : lane.queue) {
    const bool is_again =
        kinds.contains(one.alert.kind) && rules_.rate_limits.of(one.alert).count() > 0;
    const bool limited =
        count >= lane.released && (is_again || limited_until(lane, one.alert) > now.steady);
    const bool is_idle_end = is_end_for_notified(one) && !notified;
    const bool fits = !leaves_alone(one) && one.group.empty() && due_of(one, now) <= now.steady &&
                      !limited && !is_idle_end && group_key(one.alert) == key;
    if (count > 0 && (!fits || count >= most)) break;
    ++count;
    notified = !is_resolved(one.alert);
    kinds.insert(one.alert.kind);
  }
  return count;
}

std::vector<Outcome> Lanes::settle(const DeliveryId& id, const Answer& answer, Now now) {
  Sending& sending = sendings_.at(id);
  --in_flight_;
  if (const auto* later = std::get_if<RetryAfter>(&answer)) {
    failing_ = true;
    return retry(sending, *later, now);
  }
  // It says nothing about the delivery, which keeps its place and is never given up for it.
  if (const auto* refused = std::get_if<LoginRefused>(&answer))
    return stay(sending, Duration(0), refused->reason, now);
  failing_ = false;
  if (const auto* rejected = std::get_if<Rejected>(&answer)) {
    const bool is_for_content = rejected->refuses == Rejected::Refuses::content;
    if (sending.members.size() > 1 && is_for_content)
      return dissolve(sending, rejected->reason, now);
    return finish(sending, store::DeliveryState::dead, rejected->reason, now);
  }
  auto outcomes =
      finish(sending, store::DeliveryState::delivered, std::get<Delivered>(answer).detail, now);
  wake_all(now);
  return outcomes;
}

/// All members have met their end; what follows them in their lanes comes up.
std::vector<Outcome> Lanes::finish(Sending& sending, store::DeliveryState state,
                                   const std::string& detail, Now now) {
  std::vector<Outcome> outcomes;
  const auto lanes = sending.lanes;
  sendings_.erase(DeliveryId(sending.id));
  for (Lane* lane : lanes) {
    for (lane->sending = nullptr; lane->taken > 0; --lane->taken) {
      store::Delivery head = remove_head(*lane);
      auto update = update_of(head, state, now, detail);
      note_end(*lane, head, update, now);
      outcomes.push_back({.delivery = std::move(head), .update = std::move(update)});
    }
  }
  for (Lane* lane : lanes) {
    arrange(*lane, now);
    if (lane->escalation && knows(*lane)) escalate(*lane, now);
  }
  for (const Outcome& outcome : outcomes) forget_if_spent(key_of(outcome.delivery.alert), now);
  forget_expired(now);
  return outcomes;
}

/// An end that was refused for good will never be sent: nothing is open there any more.
void Lanes::note_end(Lane& lane, const store::Delivery& head, store::DeliveryUpdate& update,
                     Now now) {
  const bool is_delivered = update.state == store::DeliveryState::delivered;
  if (is_delivered) {
    lane.refused_since.reset();
    lane.accepted.insert_or_assign(head.alert.kind, now.steady);
    expiries_.emplace_back(now.steady + rules_.rate_limits.longest(), key_of(head.alert));
  }
  if (is_resolved(head.alert)) {
    lane.open.reset();
    update.ends = store::open_by(head);
  } else if (is_delivered) {
    lane.open = store::open_by(head);
    update.opens = lane.open;
  }
}

/// Whether it has been tried for long enough. What waited behind others that were refused has
/// waited for the same answer; after a restart the hour begins again.
bool Lanes::is_hopeless(const Sending& sending, const RetryAfter& answer, Now now) {
  const Queued& first = *sending.members.front();
  const Duration age = first.age + (now.steady - first.since);
  if (age >= kGiveUpAge && sending.attempts() >= kGiveUpAttempts) return true;
  for (Lane* lane : sending.lanes) {
    if (!answer.may_be_final) {
      lane->refused_since.reset();
    } else if (!lane->refused_since) {
      lane->refused_since = now.steady;
    }
  }
  if (!answer.may_be_final) return false;
  const Duration refused = now.steady - *sending.lanes.front()->refused_since;
  return std::min(age, refused) >= kRefusedFor && sending.attempts() >= kRefusedAttempts;
}

std::vector<Outcome> Lanes::retry(Sending& sending, const RetryAfter& answer, Now now) {
  Duration wait = jittered(kBackoff.after(static_cast<unsigned>(sending.attempts())), deps_.random);
  auto reason = answer.reason;
  if (answer.after) {
    const Duration pause = std::clamp(*answer.after, std::chrono::seconds(0), kLongestPause);
    if (*answer.after > kLongestPause)
      reason += fmt::format("; it asks to wait {}, tocsin waits {}", duration_text(*answer.after),
                            duration_text(kLongestPause));
    paused_until_ = std::max(paused_until_, now.steady + pause);
    wait = std::max(wait, pause);
  }
  if (is_hopeless(sending, answer, now)) {
    return finish(sending, store::DeliveryState::dead,
                  "given up after " + std::to_string(sending.attempts()) +
                      " attempts; the last answer: " + answer.reason,
                  now);
  }
  for (store::Delivery* member : sending.members) {
    member->not_before = now.wall + wait;
    member->updated = now.wall;
  }
  return stay(sending, wait, reason, now);
}

/// It is tried again as it is, after the `wait`.
std::vector<Outcome> Lanes::stay(Sending& sending, Duration wait, const std::string& reason,
                                 Now now) {
  std::vector<Outcome> outcomes;
  for (store::Delivery* member : sending.members) {
    member->last_error = reason;
    outcomes.push_back({.delivery = *member,
                        .update = update_of(*member, store::DeliveryState::pending, now, reason)});
  }
  if (wait > Duration(0)) {
    sending.phase = Sending::Phase::waiting;
    sending.due = now.steady + wait;
    retries_.emplace(sending.due, &sending);
  } else {
    give_turn(sending);
  }
  return outcomes;
}

/// Tries its members one by one: the fault may lie with one of them.
std::vector<Outcome> Lanes::dissolve(Sending& sending, const std::string& reason, Now now) {
  std::vector<Outcome> outcomes;
  for (store::Delivery* member : sending.members) {
    member->group.clear();
    member->last_error = reason;
    member->not_before = member->updated = now.wall;
    outcomes.push_back({.delivery = *member,
                        .update = update_of(*member, store::DeliveryState::pending, now, reason)});
  }
  const auto lanes = sending.lanes;
  sendings_.erase(DeliveryId(sending.id));
  for (Lane* lane : lanes) {
    lane->sending = nullptr;
    lane->taken = 0;
    arrange(*lane, now);
  }
  return outcomes;
}

}  // namespace tocsin::notify
