#include "notify/lanes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

namespace tocsin::notify {
namespace {

/// A clock that goes back by less has been corrected, not set.
constexpr Duration kClockCorrection = std::chrono::minutes(1);
/// A delay by less is none that readers care for.
constexpr Duration kWorthSaying = std::chrono::seconds(1);

store::DeliveryUpdate update_of(const store::Delivery& delivery, store::DeliveryState state,
                                Time now, std::string detail) {
  return {.id = delivery.id,
          .state = state,
          .attempts = delivery.attempts,
          .at = now,
          .not_before = delivery.not_before,
          .detail = std::move(detail),
          .group = delivery.group};
}

std::string key_of(const HostName& host, const ServiceName& service) {
  return host.key() + '\0' + service.key();
}
std::string key_of(const Alert& alert) { return key_of(alert.host, alert.service); }

/// Whose turn a delivery takes: its host's, or that of all hosts.
std::string turn_of(const Alert& alert) { return alert.across_hosts ? "" : alert.host.key(); }

/// A delivery that was tried before has an id that its destination may know: it leaves as it is.
bool leaves_alone(const store::Delivery& delivery) { return delivery.attempts > 0; }

/// Whether it goes only to those who were notified of what it ends.
bool is_end_for_notified(const store::Delivery& delivery) {
  return delivery.conditional && (is_resolved(delivery.alert) || delivery.alert.for_notified);
}

/// What the delay of the rate limit has cost is said: the change is no longer news.
void say_when(store::Delivery& delivery, Time now) {
  if (now - delivery.created < kWorthSaying) return;
  delivery.alert.reason =
      join_reasons(std::move(delivery.alert.reason), "happened at " + iso_time(delivery.created));
}

void mark_escalated(store::Delivery& delivery) {
  delivery.alert.reason = join_reasons(std::move(delivery.alert.reason), "escalated");
  delivery.alert.across_hosts = true;
}

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

Lanes::Lanes(LaneRules rules, LaneDeps deps)
    : rules_(rules), deps_(std::move(deps)), windows_(rules.grouping) {}

void Lanes::remember(const store::LastDelivered& last) {
  std::string key = key_of(last.host, last.service);
  Time& accepted = lanes_[key].kinds[last.kind].accepted;
  accepted = std::max(accepted, last.at);
  expiries_.emplace_back(last.at + rules_.rate_limits.of(last.kind), std::move(key));
}

void Lanes::remember(const store::OpenAlert& open) {
  lanes_[key_of(open.host, open.service)].open = open;
}

void Lanes::expect(const std::string& group, std::size_t members) {
  expected_.try_emplace(group, Expected{.members = members, .lanes = {}});
}

void Lanes::add(store::Delivery delivery, Time now) {
  const std::string key = key_of(delivery.alert);
  Lane& lane = lanes_[key];
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

/// Empty: it shares no message.
std::string Lanes::group_key(const Alert& alert) const {
  if (!deps_.group_of || !rules_.grouping.is_on()) return {};
  auto key = deps_.group_of(alert);
  if (!key.empty()) key += '\0' + turn_of(alert);
  return key;
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
  mark_escalated(delivery);
  append(lane, std::move(delivery), now);
}

/// What is withheld waits until nothing withholds it any more; if it is resolved by then, it is
/// ended like any other.
void Lanes::begin_escalations(Time now) {
  while (!escalations_.empty() && escalations_.begin()->first <= now) {
    Lane& lane = *escalations_.begin()->second;
    const auto withheld =
        deps_.withheld ? deps_.withheld(lane.escalation->alert, now) : std::nullopt;
    if (!withheld) {
      escalate(lane, now);
      continue;
    }
    escalations_.erase(escalations_.begin());
    lane.escalates_at = std::clamp(withheld->until, now + Duration(1), now + kWithheldRest);
    escalations_.emplace(lane.escalates_at, &lane);
  }
}

void Lanes::append(Lane& lane, store::Delivery delivery, Time now) {
  lane.queue.push_back(std::move(delivery));
  ++size_;
  if (lane.phase == Lane::Phase::idle) {
    arrange(lane, now);
  } else if (lane.phase == Lane::Phase::taken && lane.sending == nullptr) {
    join_expected(lane);
  }
}

bool Lanes::has_next(Time now) {
  follow_clock(now);
  begin_escalations(now);
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    Lane& lane = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    if (std::exchange(lane.is_limited, false)) release(lane, now);
    come_up(lane, now);
  }
  for (; !retries_.empty() && retries_.begin()->first <= now; retries_.erase(retries_.begin())) {
    give_turn(*retries_.begin()->second);
  }
  for (Window* window : windows_.take_due(now)) give_turn(*window);

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
  return !turns_.empty() && in_flight_ < rules_.parallel && now >= paused_until_;
}

/// What has waited for the rate limit, or behind what has, leaves without waiting again.
void Lanes::release(Lane& lane, Time now) {
  lane.released = 0;
  for (store::Delivery& delivery : lane.queue) {
    if (delivery.created > lane.due) break;
    ++lane.released;
    say_when(delivery, now);
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
  auto severity = AlertSeverity::info;
  bool shared = false;
  for (const auto* member : sending.members) {
    severity = std::max(severity, member->alert.severity);
    shared |= member->alert.across_hosts;
  }
  const auto& first = sending.members.front()->alert;
  turns_.push(severity, shared ? "" : first.host.key(), &sending);
}

void Lanes::give_turn(Window& window) { turns_.push(window.highest, window.host, &window); }

const Sending* Lanes::take(Time now) {
  if (!has_next(now)) return nullptr;
  const Turn turn = turns_.pop();
  auto* const* window = std::get_if<Window*>(&turn);
  Sending& sending = window != nullptr ? begin(**window, now) : *std::get<Sending*>(turn);
  sending.phase = Sending::Phase::in_flight;
  ++in_flight_;
  for (store::Delivery* member : sending.members) ++member->attempts;
  if (rules_.interval.count() > 0) paused_until_ = now + rules_.interval;
  return &sending;
}

/// Of the first ones of lanes, each `taken` of them. Without an id: that of its only member, or a
/// new one.
Sending& Lanes::begin(std::vector<Lane*> lanes, DeliveryId id) {
  Sending sending;
  for (Lane* lane : lanes) {
    auto next = lane->queue.begin();
    for (std::size_t i = 0; i < lane->taken; ++i) sending.members.push_back(&*next++);
  }
  std::ranges::sort(sending.members, {}, [](const store::Delivery* one) {
    return std::pair(one->created, one->sequence);
  });
  if (id.value.empty()) {
    const auto& first = *sending.members.front();
    id = sending.members.size() == 1 ? first.id : DeliveryId{make_uuid(latest_, deps_.random)};
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

Sending& Lanes::begin(Window& window, Time now) {
  std::vector<Lane*> lanes;
  std::size_t members = 0;
  auto highest = AlertSeverity::info;
  for (Lane* lane : window.collected) {
    if (members >= kMostMembers) break;
    lane->taken = fitting(*lane, window.key, kMostMembers - members, now);
    members += lane->taken;
    lanes.push_back(lane);
    auto next = lane->queue.begin();
    for (std::size_t i = 0; i < lane->taken; ++i, ++next)
      highest = std::max(highest, next->alert.severity);
  }
  const auto count = static_cast<std::ptrdiff_t>(lanes.size());
  window.collected.erase(window.collected.begin(), window.collected.begin() + count);
  windows_.left(window, highest, now);
  Sending& sending = begin(std::move(lanes));
  for (store::Delivery* member : sending.members) member->group = sending.id.value;
  return sending;
}

/// How many of the lane's first ones leave in the same message: those that could follow at once.
std::size_t Lanes::fitting(const Lane& lane, const std::string& key, std::size_t most,
                           Time now) const {
  std::size_t count = 0;
  bool notified = lane.open.has_value();
  std::set<TransitionKind> kinds;
  for (const store::Delivery& one : lane.queue) {
    const auto limit = rules_.rate_limits.of(one.alert.kind);
    const bool is_released = count < lane.released;
    const auto known = lane.kinds.find(one.alert.kind);
    const bool limited = !is_released && limit.count() > 0 &&
                         (kinds.contains(one.alert.kind) ||
                          (known != lane.kinds.end() &&
                           limited_until(one.alert.kind, known->second.accepted, now) > now));
    const bool is_idle_end = is_end_for_notified(one) && !notified;
    const bool fits = !leaves_alone(one) && one.group.empty() && one.not_before <= now &&
                      !limited && !is_idle_end && group_key(one.alert) == key;
    if (count > 0 && (!fits || count >= most)) break;
    ++count;
    notified = !is_resolved(one.alert);
    kinds.insert(one.alert.kind);
  }
  return count;
}

std::vector<Outcome> Lanes::settle(const DeliveryId& id, const Answer& answer, Time now) {
  Sending& sending = sendings_.at(id);
  --in_flight_;
  if (const auto* later = std::get_if<RetryAfter>(&answer)) {
    failing_ = true;
    return retry(sending, *later, now);
  }
  // It says nothing about the delivery, which keeps its place and is never given up for it.
  if (const auto* refused = std::get_if<LoginRefused>(&answer))
    return stay(sending, now, refused->reason, now);
  failing_ = false;
  if (const auto* rejected = std::get_if<Rejected>(&answer)) {
    if (sending.members.size() > 1) return dissolve(sending, rejected->reason, now);
    return finish(sending, store::DeliveryState::dead, rejected->reason, now);
  }
  return finish(sending, store::DeliveryState::delivered, std::get<Delivered>(answer).detail, now);
}

/// All members have met their end; what follows them in their lanes comes up.
std::vector<Outcome> Lanes::finish(Sending& sending, store::DeliveryState state,
                                   const std::string& detail, Time now) {
  std::vector<Outcome> outcomes;
  const auto lanes = sending.lanes;
  sendings_.erase(DeliveryId(sending.id));
  for (Lane* lane : lanes) {
    for (lane->sending = nullptr; lane->taken > 0; --lane->taken) {
      store::Delivery head = remove_head(*lane);
      if (state == store::DeliveryState::delivered) {
        const TransitionKind kind = head.alert.kind;
        lane->kinds[kind].accepted = now;
        lane->refused_since.reset();
        lane->open = is_resolved(head.alert) ? std::nullopt : std::optional(store::open_by(head));
        expiries_.emplace_back(now + rules_.rate_limits.of(kind), key_of(head.alert));
      }
      auto update = update_of(head, state, now, detail);
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

/// Whether it has been tried for long enough. What waited behind others that were refused has
/// waited for the same answer; after a restart the hour begins again.
bool Lanes::is_hopeless(const Sending& sending, const RetryAfter& answer, Time now) {
  const Time created = sending.members.front()->created;
  if (now - created >= kGiveUpAge && sending.attempts() >= kGiveUpAttempts) return true;
  for (Lane* lane : sending.lanes) {
    if (!answer.may_be_final) {
      lane->refused_since.reset();
    } else if (!lane->refused_since) {
      lane->refused_since = now;
    }
  }
  if (!answer.may_be_final) return false;
  const Time since = std::max(created, *sending.lanes.front()->refused_since);
  return now - since >= kRefusedFor && sending.attempts() >= kRefusedAttempts;
}

std::vector<Outcome> Lanes::retry(Sending& sending, const RetryAfter& answer, Time now) {
  Duration wait = backoff(sending.attempts());
  if (answer.after) {
    const Duration pause = std::clamp(*answer.after, std::chrono::seconds(0), kLongestPause);
    paused_until_ = std::max(paused_until_, now + pause);
    wait = std::max(wait, pause);
  }
  if (is_hopeless(sending, answer, now)) {
    return finish(sending, store::DeliveryState::dead,
                  "given up after " + std::to_string(sending.attempts()) +
                      " attempts; the last answer: " + answer.reason,
                  now);
  }
  for (store::Delivery* member : sending.members) member->not_before = now + wait;
  return stay(sending, now + wait, answer.reason, now);
}

/// It is tried again as it is, when it is `due`.
std::vector<Outcome> Lanes::stay(Sending& sending, Time due, const std::string& reason, Time now) {
  std::vector<Outcome> outcomes;
  for (store::Delivery* member : sending.members) {
    member->last_error = reason;
    outcomes.push_back({.delivery = *member,
                        .update = update_of(*member, store::DeliveryState::pending, now, reason)});
  }
  if (due > now) {
    sending.phase = Sending::Phase::waiting;
    sending.due = due;
    retries_.emplace(due, &sending);
  } else {
    give_turn(sending);
  }
  return outcomes;
}

/// Its members are tried one by one: what is wrong with one of them is no fault of the others.
std::vector<Outcome> Lanes::dissolve(Sending& sending, const std::string& reason, Time now) {
  std::vector<Outcome> outcomes;
  for (store::Delivery* member : sending.members) {
    member->group.clear();
    member->last_error = reason;
    member->not_before = now;
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

void Lanes::explain(const std::string& reason, Time now) {
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

std::optional<Time> Lanes::wake(Time now) const {
  if (in_flight_ >= rules_.parallel) return std::nullopt;
  if (!turns_.empty()) return std::max(now, paused_until_);
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
  const std::size_t ahead = std::max<std::size_t>(lane.taken, 1);
  if (lane.queue.size() > ahead)
    return {&newest, {.reason = older, .older = lane.queue.size() - 1}};
  if (lane.phase == Lane::Phase::waiting)
    return {&newest, {.reason = lane.is_limited ? rate_limit : retry, .until = lane.due}};
  if (lane.sending != nullptr) {
    if (lane.sending->phase == Sending::Phase::in_flight) return {};
    if (lane.sending->phase == Sending::Phase::waiting)
      return {&newest, {.reason = retry, .until = lane.sending->due}};
  }
  if (lane.phase == Lane::Phase::collected) {
    const Window* window = windows_.find(group_key(newest.alert));
    if (window != nullptr && !window->in_turn && window->due > now)
      return {&newest, {.reason = group, .until = window->due}};
  }
  if (now < paused_until_) return {&newest, {.reason = pause, .until = paused_until_}};
  return {&newest, {.reason = in_flight_ >= rules_.parallel ? parallel : turn}};
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
  deps_.random(bytes);
  std::uint64_t drawn = 0;
  for (const std::uint8_t byte : bytes) drawn = drawn << 8 | byte;
  const auto share = static_cast<std::uint64_t>(ceiling.count()) * drawn >> 32;
  return Duration(static_cast<Duration::rep>(share));
}

/// Decides what the head of a lane does next of which nothing is on its way.
void Lanes::arrange(Lane& lane, Time now) {
  lane.phase = Lane::Phase::idle;
  while (!lane.queue.empty()) {
    const store::Delivery& head = lane.queue.front();
    if (is_end_for_notified(head) && !lane.open && !expected_.contains(head.group)) {
      merge_head(lane, kNotNotifiedBefore, now);
      continue;
    }
    const auto known = lane.kinds.find(head.alert.kind);
    const bool is_free =
        known == lane.kinds.end() || lane.released > 0 || expected_.contains(head.group);
    const Time limited =
        is_free ? Time::min() : limited_until(head.alert.kind, known->second.accepted, now);
    // Nothing of ours reaches further ahead: a later time is from before the clock was set back.
    const bool believable = head.not_before <= now + kLongestPause;
    lane.is_limited = limited > now;
    lane.due = std::max(limited, believable ? head.not_before : now);
    if (lane.due > now) {
      lane.phase = Lane::Phase::waiting;
      waiting_.emplace(lane.due, &lane);
    } else {
      come_up(lane, now);
    }
    return;
  }
}

/// Its head may leave.
void Lanes::come_up(Lane& lane, Time now) {
  store::Delivery& head = lane.queue.front();
  if (!head.group.empty() && expected_.contains(head.group)) return join_expected(lane);
  head.group.clear();
  const auto key = leaves_alone(head) ? std::string() : group_key(head.alert);
  if (key.empty()) {
    lane.taken = 1;
    return give_turn(begin({&lane}));
  }
  const Window* window = windows_.find(key);
  const auto before = window == nullptr ? AlertSeverity::info : window->highest;
  if (!windows_.collect(key, turn_of(head.alert), lane, now)) return;
  // It waits for its turn, which is an earlier one now.
  Window* worse = windows_.find(key);
  turns_.remove(before, worse->host, worse);
  if (std::ranges::find(parked_, worse) == parked_.end()) give_turn(*worse);
}

/// With as many of the lane's first ones as belong to the group: it leaves when all its members
/// have come.
void Lanes::join_expected(Lane& lane) {
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
  give_turn(begin(std::move(lanes), {group}));
}

void Lanes::merge_head(Lane& lane, std::string why, Time now) {
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

/// When somebody sets the clock back, what waits does not wait for so much longer.
void Lanes::follow_clock(Time now) {
  const Duration back = latest_ == Time::min() ? Duration(0) : latest_ - now;
  if (back > kClockCorrection) {
    const auto move = [back]<typename T>(std::set<std::pair<Time, T*>>& all, Time T::* time) {
      std::set<std::pair<Time, T*>> moved;
      for (const auto& [due, one] : all) {
        one->*time = due - back;
        moved.emplace(one->*time, one);
      }
      all = std::move(moved);
    };
    move(waiting_, &Lane::due);
    move(escalations_, &Lane::escalates_at);
    move(retries_, &Sending::due);
    windows_.move_back(back);
    if (paused_until_ != Time::min()) paused_until_ -= back;
    latest_ = now;
  }
  latest_ = std::max(latest_, now);
}

/// Forgets a lane that is empty, limits nothing any more, and says nothing about what comes.
void Lanes::forget_if_spent(const std::string& key, Time now) {
  const auto found = lanes_.find(key);
  if (found == lanes_.end() || !found->second.queue.empty()) return;
  if (found->second.open || found->second.escalation) return;
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
