// The part of the dispatcher that sends.
#include <algorithm>
#include <chrono>
#include <expected>
#include <utility>

#include "notify/dispatcher_state.h"

namespace tocsin::notify {
namespace {

/// The longest sleep. Waking too early is harmless.
constexpr Duration kLongestSleep = std::chrono::minutes(1);
/// A channel that logs in by itself may answer before its gate knows why.
constexpr Duration kLoginRest = std::chrono::seconds(1);

/// Whether a delivery may log in, and with which pass; otherwise when it is worth asking again,
/// by the steady clock, which is never where somebody else is about to find out.
std::expected<std::optional<logins::Pass>, Time> enter(Queue& queue, Now now) {
  auto* gate = queue.login.gate;
  if (gate == nullptr) return std::nullopt;
  if (now.steady < queue.rests_until) return std::unexpected(queue.rests_until);
  if (const auto suspension = gate->find_suspension(login_peer()))
    return std::unexpected(now.to_steady(suspension->until, logins::kLongestPause));
  if (queue.login.by == Login::By::channel) {
    const bool waits = gate->guard().is_doubtful(login_peer()) && queue.lanes.in_flight() > 0;
    if (waits) return std::unexpected(Time::max());
    return std::nullopt;
  }
  auto pass = gate->try_enter(login_peer());
  if (!pass) return std::unexpected(Time::max());
  return pass;
}

}  // namespace

/// The message of a group, the same at each attempt: written and stored before the first one.
net::awaitable<const Message*> Dispatcher::State::write(Queue& queue, const Sending& sending) {
  const auto [place, is_new] = queue.messages.try_emplace(sending.id);
  if (!is_new) co_return &place->second;
  Contents contents;
  std::vector<DeliveryId> members;
  for (const store::Delivery* member : sending.members) {
    contents.alerts.push_back(&member->alert);
    members.push_back(member->id);
  }
  if (members.size() > 1) contents.still_firing = queue.lanes.still_firing(sending);
  place->second = queue.grouping->write(contents, sending.id);
  const store::StoredMessage message{
      .id = sending.id.value, .text = place->second.text, .note = place->second.note};
  const auto stored = co_await outbox.commit(message, members);
  // It leaves all the same: only a crash would make it another one.
  if (!stored) observer.storage_failed(stored.error(), outcome_writer.waiting());
  co_return &place->second;
}

net::awaitable<void> Dispatcher::State::send(Queue& queue, const Sending& sending,
                                             std::optional<logins::Pass> pass) {
  const DeliveryId id = sending.id;
  const store::Delivery& first = *sending.members.front();
  const Message* message =
      queue.grouping != nullptr && !first.group.empty() ? co_await write(queue, sending) : nullptr;
  const auto deadline = net::within(kDeliveryLimit);
  if (pass) {
    (void)co_await queue.login.gate->check(login_peer());  // for a secret that has changed
    co_await queue.login.gate->save(login_peer(), deadline);
  }
  if (observer.wants_steps()) observer.attempting(first);
  const auto sent_at = net::MonotonicClock::now();
  Answer answer = message != nullptr
                      ? co_await queue.grouping->send(first.alert, *message, id, deadline)
                      : co_await queue.channel.deliver(first.alert, id, deadline);
  const auto took = net::MonotonicClock::now() - sent_at;
  attempts++;
  // Nobody guards this login: at least it is not tried at once.
  if (auto* refused = std::get_if<LoginRefused>(&answer); refused && queue.login.gate == nullptr)
    answer = RetryAfter{.after = {}, .reason = std::move(refused->reason)};
  std::optional<Alert> alert;  // which ends with the delivery
  if (observer.wants_steps()) {
    observer.answered(first, answer, std::chrono::floor<std::chrono::milliseconds>(took));
    alert = first.alert;
  }
  settle(queue, std::move(pass), id, answer);
  pump(queue);
  if (alert) report_wait(queue, alert->host, alert->service);
}

/// If the sending waits for its login, the gate says when it is tried again, not the lanes.
void Dispatcher::State::settle(Queue& queue, std::optional<logins::Pass> pass, const DeliveryId& id,
                               const Answer& answer) {
  auto outcomes = queue.lanes.settle(id, answer, now());
  Time next{};
  notify::conclude(std::move(pass), answer);
  if (std::holds_alternative<LoginRefused>(answer)) {
    const Now at = now();
    const auto suspension = queue.login.gate->find_suspension(login_peer());
    if (!suspension) queue.rests_until = at.steady + kLoginRest;
    next = suspension ? suspension->until : at.wall + kLoginRest;
  }
  if (outcomes.front().update.state != store::DeliveryState::pending ||
      outcomes.front().update.group != id.value)
    queue.messages.erase(id);
  conclude(std::move(outcomes), next);
}

/// Sends what may be sent now, and sets the alarm for the rest.
void Dispatcher::State::pump(Queue& queue) {
  if (!begun || stopping) return;
  const Now at = now();
  Time not_before = at.steady;
  while (queue.lanes.has_next(at)) {
    auto pass = enter(queue, at);
    if (!pass) {
      not_before = pass.error();
      break;
    }
    sends.spawn(send(queue, *queue.lanes.take(at), *std::move(pass)));
  }
  Time suspended_until{};
  if (queue.login.gate != nullptr && not_before > at.steady) {
    if (const auto suspension = queue.login.gate->find_suspension(login_peer())) {
      suspended_until = suspension->until;
      queue.lanes.explain(suspension->reason, at);
    }
  }
  for (Outcome& outcome : queue.lanes.take_outcomes()) {
    const bool is_explained =
        outcome.update.state == store::DeliveryState::pending && !is_escalation(outcome.delivery);
    conclude({std::move(outcome)}, is_explained ? suspended_until : Time{});
  }
  if (queue.behind && !queue.loading && wants_more(queue)) {
    queue.loading = true;
    keepers.spawn(load(queue));
  }
  arm(queue, not_before, at);
}

/// Waking too early is harmless, so an alarm is only ever moved forward.
void Dispatcher::State::arm(Queue& queue, Time not_before, Now now) {
  const Time next = std::max(queue.lanes.wake(now).value_or(Time::max()), not_before);
  if (queue.alarm > now.steady && queue.alarm <= next) return;
  queue.alarm = next;
  queue.alarm_moved.set();
}

net::awaitable<void> Dispatcher::State::keep_time(Queue& queue) {
  for (;;) {
    queue.alarm_moved.reset();
    const Duration left = queue.alarm == Time::max() ? kLongestSleep : queue.alarm - now().steady;
    if (co_await queue.alarm_moved.wait_until(net::within(std::min(left, kLongestSleep)))) continue;
    queue.alarm = Time::max();
    if (queue.login.gate != nullptr) (void)co_await queue.login.gate->check(login_peer());
    pump(queue);
  }
}

net::awaitable<void> Dispatcher::State::cut_off() {
  co_await net::sleep_for(options.stop_limit);
  sends.cancel();
}

/// What became of one message. `next`: when it is tried again, if not when its lanes say. Only
/// said: after a restart with another password nothing waits.
void Dispatcher::State::conclude(std::vector<Outcome> outcomes, Time next) {
  std::vector<Time> not_before;
  for (Outcome& outcome : outcomes) {
    not_before.push_back(outcome.update.not_before);
    outcome.update.not_before = std::max(outcome.update.not_before, next);
  }
  observer.settled(outcomes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    outcomes[i].update.not_before = not_before[i];
    // Somebody may ask for it again, although a load has seen it.
    if (outcomes[i].update.state == store::DeliveryState::dead)
      if (const auto queue = queues.find(outcomes[i].delivery.destination); queue != queues.end())
        queue->second.unclaimed.erase(outcomes[i].delivery.sequence);
    outcome_writer.add(std::move(outcomes[i].update));
  }
}

}  // namespace tocsin::notify
