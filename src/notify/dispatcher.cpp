#include "notify/dispatcher.h"

#include <algorithm>
#include <deque>
#include <expected>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include "net/event.h"
#include "net/task_scope.h"
#include "notify/lanes.h"
#include "notify/login.h"
#include "notify/outcome_writer.h"

namespace tocsin::notify {
namespace {

/// How many deliveries are read from the outbox at once.
constexpr std::size_t kPage = 1000;
constexpr Duration kLongestLoadWait = std::chrono::minutes(1);
/// How often it is tried to read which alerts are open, before alerts go on without.
constexpr int kOpenAlertTries = 5;
/// The longest sleep: after so long it is noticed that somebody has set the clock.
constexpr Duration kLongestSleep = std::chrono::minutes(1);
/// A channel that logs in by itself may answer before its gate knows why.
constexpr Duration kLoginRest = std::chrono::seconds(1);
constexpr const char* kNotConfigured = "destination is no longer configured";

/// One destination at work.
struct Queue {
  Queue(const Destination& destination, const net::Executor& executor, const RandomFill& random,
        const DispatcherOptions& options)
      : channel(*destination.channel),
        grouping(channel.grouping()),
        login(destination.login),
        lanes(destination.rules,
              {.random = random, .group_of = group_of(grouping), .withheld = options.withheld}),
        alarm_moved(executor) {}

  static std::function<std::string(const Alert&)> group_of(const GroupingChannel* channel) {
    if (channel == nullptr) return {};
    return [channel](const Alert& alert) { return channel->group_of(alert); };
  }

  Channel& channel;
  GroupingChannel* grouping;  ///< the same; null where it does not group
  Login login;
  std::uint64_t login_listener = 0;
  Time rests_until{};  ///< after a refused login that its gate does not know of yet
  Lanes lanes;
  Time alarm = Time::max();  ///< when it is pumped again
  net::Event alarm_moved;

  /// Of the deliveries that the outbox holds: the newest that memory has seen, and the newest in
  /// the lanes. While `behind`, those between them must be loaded first.
  std::int64_t newest = 0;
  std::int64_t loaded = 0;
  bool behind = true;
  bool loading = false;
  bool unreadable = false;  ///< the last load failed
  /// The newest that were loaded: a load may see a commit before its deliveries are handed over.
  std::set<std::int64_t> unclaimed;
  struct Parked {
    std::int64_t after;  ///< the sequence that it follows
    store::Delivery delivery;
  };
  /// Those that only memory holds and that must wait for older ones from the outbox.
  std::deque<Parked> parked;
  /// What the groups leave with that have not met their end, by their ids.
  std::map<DeliveryId, Message> messages;
  /// Groups of an earlier run whose message could not be read: all members are grouped anew.
  std::set<std::string> begun_anew;
};

/// Whether a delivery may log in, and with which pass; otherwise when it is worth asking again,
/// which is never where somebody else is about to find out.
std::expected<std::optional<logins::Pass>, Time> enter(Queue& queue, Time now) {
  auto* gate = queue.login.gate;
  if (gate == nullptr) return std::nullopt;
  if (now < queue.rests_until && queue.rests_until <= now + kLoginRest)
    return std::unexpected(queue.rests_until);
  if (const auto suspension = gate->find_suspension(login_peer()))
    return std::unexpected(suspension->until);
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

struct Dispatcher::State {
  State(net::Executor on, Outbox& box, Observer& hears, const Clock& time, RandomFill fill,
        DispatcherOptions with)
      : executor(std::move(on)),
        outbox(box),
        observer(hears),
        clock(time),
        random(std::move(fill)),
        options(std::move(with)),
        outcome_writer(executor, outbox, observer,
                       {.most = options.most_unrecorded, .first_wait = options.storage_retry}),
        sends(executor),
        keepers(executor) {}

  ~State() {
    for (auto& [key, queue] : queues) {
      if (queue.login.gate != nullptr) queue.login.gate->remove_on_opening(queue.login_listener);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  net::awaitable<void> begin();
  net::awaitable<void> keep_time(Queue& queue);
  net::awaitable<void> load(Queue& queue);
  net::awaitable<void> expect_groups(Queue& queue, std::span<store::Delivery> page);
  net::awaitable<void> send(Queue& queue, const Sending& sending, std::optional<logins::Pass> pass);
  net::awaitable<const Message*> write(Queue& queue, const Sending& sending);
  net::awaitable<void> cut_off();
  /// Answers whose pump() is due; null: nobody's.
  Queue* submit(store::Delivery delivery);
  void park(Queue& queue, store::Delivery delivery);
  void release(Queue& queue, std::int64_t before);
  void pump(Queue& queue);
  /// Whether memory has room for more from the outbox, or a group that has begun misses members.
  [[nodiscard]] bool wants_more(const Queue& queue) const {
    return queue.lanes.size() <= options.most_in_memory / 2 || queue.lanes.expects_more();
  }
  void arm(Queue& queue, Time not_before, Time now);
  void report_wait(const store::Delivery& delivery);
  void report_wait(Queue& queue, const HostName& host, const ServiceName& service) const;
  void settle(Queue& queue, std::optional<logins::Pass> pass, const DeliveryId& id,
              const Answer& answer);
  void conclude(std::vector<Outcome> outcomes, Time next = {});

  net::Executor executor;
  Outbox& outbox;
  Observer& observer;
  const Clock& clock;
  RandomFill random;
  DispatcherOptions options;
  OutcomeWriter outcome_writer;
  std::map<std::string, Queue> queues;
  std::chrono::seconds longest_limit{};
  net::TaskScope sends;
  net::TaskScope keepers;
  bool begun = false;
  bool stopping = false;
};

Dispatcher::Dispatcher(net::Executor executor, std::span<const Destination> destinations,
                       Outbox& outbox, Observer& observer, const Clock& clock, RandomFill random,
                       DispatcherOptions options)
    : state_(std::make_unique<State>(std::move(executor), outbox, observer, clock,
                                     std::move(random), std::move(options))) {
  for (const Destination& destination : destinations) {
    const auto [place, is_new] = state_->queues.try_emplace(
        destination.channel->key(), destination, state_->executor, state_->random, state_->options);
    if (is_new && destination.login.gate != nullptr) {
      place->second.login_listener =
          destination.login.gate->on_opening([&state = *state_, &queue = place->second] {
            queue.rests_until = {};
            state.pump(queue);
          });
    }
    state_->longest_limit =
        std::max(state_->longest_limit, destination.rules.rate_limits.longest());
  }
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() {
  state_->keepers.spawn(state_->outcome_writer.run());
  state_->keepers.spawn(state_->begin());
}

/// All of them first: what comes together leaves together.
void Dispatcher::submit(std::vector<store::Delivery> deliveries) {
  std::set<Queue*> queues;
  std::vector<store::Delivery> wanted;  // for who wants to know each step
  if (state_->observer.wants_steps()) wanted = deliveries;
  for (store::Delivery& delivery : deliveries) {
    if (Queue* queue = state_->submit(std::move(delivery))) queues.insert(queue);
  }
  for (Queue* queue : queues) state_->pump(*queue);
  for (const store::Delivery& delivery : wanted) state_->report_wait(delivery);
}

bool Dispatcher::may_have_open(const std::string& destination, const HostName& host,
                               const ServiceName& service) const {
  const auto found = state_->queues.find(destination);
  if (found == state_->queues.end()) return false;
  const Queue& queue = found->second;
  return !state_->begun || queue.behind || queue.lanes.has_open(host, service);
}

net::awaitable<std::vector<store::Delivery>> Dispatcher::stop() {
  state_->stopping = true;
  state_->keepers.spawn(state_->cut_off());
  co_await state_->sends.join();
  state_->keepers.cancel();
  co_await state_->keepers.join();
  co_await state_->outcome_writer.flush();
  std::vector<store::Delivery> unstored;
  for (auto& [key, queue] : state_->queues) {
    std::ranges::move(queue.lanes.unstored(), std::back_inserter(unstored));
    for (Queue::Parked& parked : queue.parked) unstored.push_back(std::move(parked.delivery));
  }
  co_return unstored;
}

/// Nothing is sent before the limits of the earlier run are known.
net::awaitable<void> Dispatcher::State::begin() {
  const Time now = clock.now();
  std::vector<std::string> keys;
  std::ranges::copy(std::views::keys(queues), std::back_inserter(keys));
  const auto abandoned = co_await outbox.abandon(keys, now, kNotConfigured);
  if (!abandoned) {
    observer.storage_failed(abandoned.error(), outcome_writer.waiting());
  } else if (*abandoned > 0) {
    observer.abandoned(*abandoned);
  }
  const auto limits = co_await outbox.load_last_delivered(now - longest_limit);
  if (!limits) observer.storage_failed(limits.error(), outcome_writer.waiting());
  for (const store::LastDelivered& last : limits.value_or(std::vector<store::LastDelivered>{})) {
    if (const auto queue = queues.find(last.destination); queue != queues.end()) {
      queue->second.lanes.remember(last);
    }
  }
  // Without them the ends of what was notified would seem to end nothing.
  auto open_alerts = co_await outbox.load_open_alerts();
  for (int tries = 1; !open_alerts && tries < kOpenAlertTries; ++tries) {
    observer.storage_failed(open_alerts.error(), outcome_writer.waiting());
    co_await net::sleep_for(options.storage_retry);
    open_alerts = co_await outbox.load_open_alerts();
  }
  if (!open_alerts) observer.storage_failed(open_alerts.error(), outcome_writer.waiting());
  for (const store::OpenAlert& open : open_alerts.value_or(std::vector<store::OpenAlert>{})) {
    if (const auto queue = queues.find(open.destination); queue != queues.end()) {
      queue->second.lanes.remember(open);
    }
  }
  begun = true;
  for (auto& [key, queue] : queues) {
    keepers.spawn(keep_time(queue));
    pump(queue);
  }
}

Queue* Dispatcher::State::submit(store::Delivery delivery) {
  const auto found = queues.find(delivery.destination);
  if (found == queues.end()) {
    store::DeliveryUpdate update{.id = delivery.id,
                                 .state = store::DeliveryState::dead,
                                 .attempts = delivery.attempts,
                                 .at = clock.now(),
                                 .detail = kNotConfigured};
    conclude({{.delivery = std::move(delivery), .update = std::move(update)}});
    return nullptr;
  }
  Queue& queue = found->second;
  const bool stored = delivery.sequence > 0;
  const bool room = queue.parked.empty() && queue.lanes.size() < options.most_in_memory;
  const bool in_turn = !queue.behind || (!stored && queue.unreadable);
  if (stored && queue.unclaimed.erase(delivery.sequence) > 0) return nullptr;
  const bool wants_steps = observer.wants_steps();
  queue.newest = std::max(queue.newest, delivery.sequence);
  // What is stored and out of turn but not yet loaded will be loaded in its turn.
  const bool is_loaded_later = stored && !(in_turn && room) && delivery.sequence > queue.loaded;
  if (wants_steps && !is_loaded_later) observer.queued(delivery);
  if (in_turn && room) {
    queue.loaded = std::max(queue.loaded, delivery.sequence);
    queue.lanes.add(std::move(delivery), clock.now());
  } else if (!stored) {
    if (wants_steps) observer.waits(delivery, {.reason = Wait::Reason::outbox});
    park(queue, std::move(delivery));
  } else if (is_loaded_later) {
    queue.behind = true;
    if (wants_steps) observer.waits(delivery, {.reason = Wait::Reason::outbox});
  } else {
    queue.lanes.add(std::move(delivery), clock.now());  // out of turn, but no load would find it
  }
  return &queue;
}

/// Nothing is said of one that is on its way, or that its lane does not know yet.
void Dispatcher::State::report_wait(const store::Delivery& delivery) {
  const auto found = queues.find(delivery.destination);
  if (found != queues.end())
    report_wait(found->second, delivery.alert.host, delivery.alert.service);
}

void Dispatcher::State::report_wait(Queue& queue, const HostName& host,
                                    const ServiceName& service) const {
  const Time now = clock.now();
  auto [delivery, wait] = queue.lanes.find_wait(host, service, now);
  if (delivery == nullptr) return;
  if (wait.reason == Wait::Reason::turn && begun && queue.login.gate != nullptr) {
    wait.reason = Wait::Reason::login;
    if (const auto suspension = queue.login.gate->find_suspension(login_peer()))
      wait.until = suspension->until;
  }
  observer.waits(*delivery, wait);
}

void Dispatcher::State::park(Queue& queue, store::Delivery delivery) {
  queue.behind = true;
  // One that the pipeline before hands over may follow what is not loaded yet.
  const auto after = std::max(queue.newest, delivery.follows);
  const auto place = std::ranges::upper_bound(queue.parked, after, {}, &Queue::Parked::after);
  queue.parked.insert(place, {.after = after, .delivery = std::move(delivery)});
  if (queue.parked.size() <= options.most_in_memory) return;
  observer.lost(queue.parked.front().delivery);
  queue.parked.pop_front();
}

/// Moves to the lanes what waited for deliveries older than `before`.
void Dispatcher::State::release(Queue& queue, std::int64_t before) {
  for (; !queue.parked.empty() && queue.parked.front().after < before; queue.parked.pop_front()) {
    queue.lanes.add(std::move(queue.parked.front().delivery), clock.now());
  }
}

net::awaitable<void> Dispatcher::State::load(Queue& queue) {
  constexpr auto kEverything = std::numeric_limits<std::int64_t>::max();
  Duration wait = options.storage_retry;
  while (queue.behind && wants_more(queue)) {
    const std::int64_t newest = queue.newest;
    auto page = co_await outbox.load_pending(queue.channel.key(), queue.loaded, kPage);
    queue.unreadable = !page;
    if (!page) {
      observer.storage_failed(page.error(), outcome_writer.waiting());
      release(queue, kEverything);  // better out of order than not at all
      pump(queue);
      co_await net::sleep_for(wait);
      wait = std::min(wait * 2, kLongestLoadWait);
      continue;
    }
    co_await expect_groups(queue, *page);
    for (store::Delivery& delivery : *page) {
      release(queue, delivery.sequence);
      queue.loaded = delivery.sequence;
      queue.unclaimed.insert(delivery.sequence);
      if (observer.wants_steps()) observer.queued(delivery);
      queue.lanes.add(std::move(delivery), clock.now());
    }
    while (queue.unclaimed.size() > options.most_in_memory) {
      queue.unclaimed.erase(queue.unclaimed.begin());
    }
    if (page->empty()) {
      queue.loaded = std::max(queue.loaded, newest);
      queue.behind = queue.newest > queue.loaded;
      if (!queue.behind) release(queue, kEverything);
    }
    pump(queue);
  }
  queue.loading = false;
}

/// Groups that an earlier run has begun leave as they were. One whose message cannot be read is
/// begun anew.
net::awaitable<void> Dispatcher::State::expect_groups(Queue& queue,
                                                      std::span<store::Delivery> page) {
  for (store::Delivery& delivery : page) {
    if (delivery.group.empty() || queue.messages.contains({delivery.group})) continue;
    if (queue.begun_anew.contains(delivery.group)) {
      delivery.group.clear();
      continue;
    }
    auto found = queue.grouping == nullptr
                     ? Result<std::optional<store::Store::PendingMessage>>(std::nullopt)
                     : co_await outbox.load_message(delivery.group);
    if (!found) observer.storage_failed(found.error(), outcome_writer.waiting());
    if (!found || !*found) {
      queue.begun_anew.insert(std::exchange(delivery.group, {}));
      continue;
    }
    auto& [message, members] = **found;
    queue.lanes.expect(message.id, members);
    queue.messages[{message.id}] = {.text = std::move(message.text),
                                    .note = std::move(message.note)};
  }
}

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
  const auto begun_at = net::MonotonicClock::now();
  Answer answer = message != nullptr
                      ? co_await queue.grouping->send(first.alert, *message, id, deadline)
                      : co_await queue.channel.deliver(first.alert, id, deadline);
  const auto took = net::MonotonicClock::now() - begun_at;
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

/// Of one that waits for its login, the gate knows better than the lanes when it is tried again.
void Dispatcher::State::settle(Queue& queue, std::optional<logins::Pass> pass, const DeliveryId& id,
                               const Answer& answer) {
  auto outcomes = queue.lanes.settle(id, answer, clock.now());
  Time next{};
  notify::conclude(std::move(pass), answer);
  if (std::holds_alternative<LoginRefused>(answer)) {
    const Time now = clock.now();
    const auto suspension = queue.login.gate->find_suspension(login_peer());
    if (!suspension) queue.rests_until = now + kLoginRest;
    next = suspension ? suspension->until : queue.rests_until;
  }
  if (outcomes.front().update.state != store::DeliveryState::pending ||
      outcomes.front().update.group != id.value)
    queue.messages.erase(id);
  conclude(std::move(outcomes), next);
}

/// Sends what may be sent now, and sets the alarm for the rest.
void Dispatcher::State::pump(Queue& queue) {
  if (!begun || stopping) return;
  const Time now = clock.now();
  Time not_before = now;
  while (queue.lanes.has_next(now)) {
    auto pass = enter(queue, now);
    if (!pass) {
      not_before = pass.error();
      break;
    }
    sends.spawn(send(queue, *queue.lanes.take(now), *std::move(pass)));
  }
  if (queue.login.gate != nullptr && not_before > now) {
    if (const auto suspension = queue.login.gate->find_suspension(login_peer()))
      queue.lanes.explain(suspension->reason, now);
  }
  for (Outcome& outcome : queue.lanes.take_outcomes()) {
    const bool is_explained =
        outcome.update.state == store::DeliveryState::pending && !is_escalation(outcome.delivery);
    conclude({std::move(outcome)}, is_explained ? not_before : Time{});
  }
  if (queue.behind && !queue.loading && wants_more(queue)) {
    queue.loading = true;
    keepers.spawn(load(queue));
  }
  arm(queue, not_before, now);
}

/// Waking too early is harmless, so an alarm is only ever moved forward.
void Dispatcher::State::arm(Queue& queue, Time not_before, Time now) {
  const Time next = std::max(queue.lanes.wake(now).value_or(Time::max()), not_before);
  if (queue.alarm > now && queue.alarm <= next) return;
  queue.alarm = next;
  queue.alarm_moved.set();
}

net::awaitable<void> Dispatcher::State::keep_time(Queue& queue) {
  for (;;) {
    queue.alarm_moved.reset();
    const Duration left = queue.alarm == Time::max() ? kLongestSleep : queue.alarm - clock.now();
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
    outcome_writer.add(std::move(outcomes[i].update));
  }
}

}  // namespace tocsin::notify
