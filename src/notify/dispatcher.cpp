#include "notify/dispatcher.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <map>
#include <ranges>
#include <set>
#include <utility>

#include "net/event.h"
#include "net/task_scope.h"
#include "notify/lanes.h"
#include "notify/recorder.h"

namespace tocsin::notify {
namespace {

/// How many deliveries are read from the outbox at once.
constexpr std::size_t kPage = 1000;
constexpr Duration kLongestLoadWait = std::chrono::minutes(1);
/// The longest sleep: after so long it is noticed that somebody has set the clock.
constexpr Duration kLongestSleep = std::chrono::minutes(1);
constexpr const char* kNotConfigured = "destination is no longer configured";

/// One destination at work.
struct Line {
  Line(const Destination& destination, const net::Executor& executor, const RandomFill& random)
      : channel(*destination.channel), lanes(destination.rules, random), alarm_moved(executor) {}

  Channel& channel;
  Lanes lanes;
  Time alarm = Time::max();  ///< when it must be looked at again
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
  struct Held {
    std::int64_t after;  ///< the sequence that it follows
    store::Delivery delivery;
  };
  /// Those that only memory holds and that must wait for older ones from the outbox.
  std::deque<Held> held;
};

}  // namespace

struct Dispatcher::State {
  State(net::Executor on, Outbox& box, Observer& hears, const Clock& time, RandomFill fill,
        DispatcherOptions with)
      : executor(std::move(on)),
        outbox(box),
        observer(hears),
        clock(time),
        random(std::move(fill)),
        options(with),
        recorder(executor, outbox, observer,
                 {.most = options.most_unrecorded, .first_wait = options.storage_retry}),
        sends(executor),
        keepers(executor) {}

  net::awaitable<void> begin();
  net::awaitable<void> keep_time(Line& line);
  net::awaitable<void> load(Line& line);
  net::awaitable<void> send(Line& line, const store::Delivery& delivery);
  net::awaitable<void> cut_off();
  void submit(store::Delivery delivery);
  void hold(Line& line, store::Delivery delivery);
  void release(Line& line, std::int64_t before);
  void pump(Line& line);
  void arm(Line& line, Time now);
  void conclude(Outcome outcome);

  net::Executor executor;
  Outbox& outbox;
  Observer& observer;
  const Clock& clock;
  RandomFill random;
  DispatcherOptions options;
  Recorder recorder;
  std::map<std::string, Line> lines;
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
                                     std::move(random), options)) {
  for (const Destination& destination : destinations) {
    state_->lines.try_emplace(destination.channel->key(), destination, state_->executor,
                              state_->random);
    state_->longest_limit =
        std::max(state_->longest_limit, destination.rules.rate_limits.longest());
  }
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() {
  state_->keepers.spawn(state_->recorder.run());
  state_->keepers.spawn(state_->begin());
}

void Dispatcher::submit(std::vector<store::Delivery> deliveries) {
  for (store::Delivery& delivery : deliveries) state_->submit(std::move(delivery));
}

net::awaitable<std::vector<store::Delivery>> Dispatcher::stop() {
  state_->stopping = true;
  state_->keepers.spawn(state_->cut_off());
  co_await state_->sends.join();
  state_->keepers.cancel();
  co_await state_->keepers.join();
  co_await state_->recorder.flush();
  std::vector<store::Delivery> unstored;
  for (auto& [key, line] : state_->lines) {
    std::ranges::move(line.lanes.unstored(), std::back_inserter(unstored));
    for (Line::Held& held : line.held) unstored.push_back(std::move(held.delivery));
  }
  co_return unstored;
}

/// Nothing is sent before the limits of the earlier run are known.
net::awaitable<void> Dispatcher::State::begin() {
  const Time now = clock.now();
  std::vector<std::string> keys;
  std::ranges::copy(std::views::keys(lines), std::back_inserter(keys));
  const auto abandoned = co_await outbox.abandon(keys, now, kNotConfigured);
  if (!abandoned) {
    observer.storage_failed(abandoned.error(), recorder.waiting());
  } else if (*abandoned > 0) {
    observer.abandoned(*abandoned);
  }
  const auto limits = co_await outbox.load_last_delivered(now - longest_limit);
  if (!limits) observer.storage_failed(limits.error(), recorder.waiting());
  for (const store::LastDelivered& last : limits.value_or(std::vector<store::LastDelivered>{})) {
    if (const auto line = lines.find(last.destination); line != lines.end()) {
      line->second.lanes.remember(last);
    }
  }
  const auto troubles = co_await outbox.load_open_troubles();
  if (!troubles) observer.storage_failed(troubles.error(), recorder.waiting());
  for (const store::OpenTrouble& open : troubles.value_or(std::vector<store::OpenTrouble>{})) {
    if (const auto line = lines.find(open.destination); line != lines.end()) {
      line->second.lanes.remember(open);
    }
  }
  begun = true;
  for (auto& [key, line] : lines) {
    keepers.spawn(keep_time(line));
    pump(line);
  }
}

void Dispatcher::State::submit(store::Delivery delivery) {
  const auto found = lines.find(delivery.destination);
  if (found == lines.end()) {
    store::DeliveryUpdate update{.id = delivery.id,
                                 .state = store::DeliveryState::dead,
                                 .attempts = delivery.attempts,
                                 .at = clock.now(),
                                 .detail = kNotConfigured};
    conclude({.delivery = std::move(delivery), .update = std::move(update)});
    return;
  }
  Line& line = found->second;
  const bool stored = delivery.sequence > 0;
  const bool room = line.held.empty() && line.lanes.size() < options.most_in_memory;
  const bool in_turn = !line.behind || (!stored && line.unreadable);
  if (stored && line.unclaimed.erase(delivery.sequence) > 0) return;
  line.newest = std::max(line.newest, delivery.sequence);
  if (in_turn && room) {
    line.loaded = std::max(line.loaded, delivery.sequence);
    line.lanes.add(std::move(delivery), clock.now());
  } else if (!stored) {
    hold(line, std::move(delivery));
  } else if (delivery.sequence > line.loaded) {
    line.behind = true;  // and it will be loaded in its turn
  } else {
    line.lanes.add(std::move(delivery), clock.now());  // out of turn, but no load would find it
  }
  pump(line);
}

void Dispatcher::State::hold(Line& line, store::Delivery delivery) {
  line.behind = true;
  line.held.push_back({.after = line.newest, .delivery = std::move(delivery)});
  if (line.held.size() <= options.most_in_memory) return;
  observer.lost(line.held.front().delivery);
  line.held.pop_front();
}

/// Moves to the lanes what waited for deliveries older than `before`.
void Dispatcher::State::release(Line& line, std::int64_t before) {
  for (; !line.held.empty() && line.held.front().after < before; line.held.pop_front()) {
    line.lanes.add(std::move(line.held.front().delivery), clock.now());
  }
}

net::awaitable<void> Dispatcher::State::load(Line& line) {
  constexpr auto kEverything = std::numeric_limits<std::int64_t>::max();
  Duration wait = options.storage_retry;
  while (line.behind && line.lanes.size() <= options.most_in_memory / 2) {
    const std::int64_t newest = line.newest;
    auto page = co_await outbox.load_pending(line.channel.key(), line.loaded, kPage);
    line.unreadable = !page;
    if (!page) {
      observer.storage_failed(page.error(), recorder.waiting());
      release(line, kEverything);  // better out of order than not at all
      pump(line);
      co_await net::sleep_for(wait);
      wait = std::min(wait * 2, kLongestLoadWait);
      continue;
    }
    for (store::Delivery& delivery : *page) {
      release(line, delivery.sequence);
      line.loaded = delivery.sequence;
      line.unclaimed.insert(delivery.sequence);
      line.lanes.add(std::move(delivery), clock.now());
    }
    while (line.unclaimed.size() > options.most_in_memory) {
      line.unclaimed.erase(line.unclaimed.begin());
    }
    if (page->empty()) {  // a short page may only have left out a damaged row
      line.loaded = std::max(line.loaded, newest);
      line.behind = line.newest > line.loaded;
      if (!line.behind) release(line, kEverything);
    }
    pump(line);
  }
  line.loading = false;
}

net::awaitable<void> Dispatcher::State::send(Line& line, const store::Delivery& delivery) {
  const DeliveryId id = delivery.id;
  const Answer answer =
      co_await line.channel.deliver(delivery.alert, id, net::within(kDeliveryLimit));
  conclude(line.lanes.settle(id, answer, clock.now()));
  pump(line);
}

/// Sends what may be sent now, and sees to it that the rest is looked at in time.
void Dispatcher::State::pump(Line& line) {
  if (!begun || stopping) return;
  const Time now = clock.now();
  while (const store::Delivery* next = line.lanes.take(now)) sends.spawn(send(line, *next));
  for (Outcome& outcome : line.lanes.take_outcomes()) conclude(std::move(outcome));
  if (line.behind && !line.loading && line.lanes.size() <= options.most_in_memory / 2) {
    line.loading = true;
    keepers.spawn(load(line));
  }
  arm(line, now);
}

/// Waking too early is harmless, so an alarm is only ever moved forward.
void Dispatcher::State::arm(Line& line, Time now) {
  const Time next = line.lanes.wake(now).value_or(Time::max());
  if (line.alarm > now && line.alarm <= next) return;
  line.alarm = next;
  line.alarm_moved.set();
}

net::awaitable<void> Dispatcher::State::keep_time(Line& line) {
  for (;;) {
    line.alarm_moved.reset();
    const Duration left = line.alarm == Time::max() ? kLongestSleep : line.alarm - clock.now();
    if (co_await line.alarm_moved.wait_until(net::within(std::min(left, kLongestSleep)))) continue;
    line.alarm = Time::min();
    pump(line);
  }
}

net::awaitable<void> Dispatcher::State::cut_off() {
  co_await net::sleep_for(options.stop_limit);
  sends.cancel();
}

void Dispatcher::State::conclude(Outcome outcome) {
  observer.settled(outcome.delivery, outcome.update);
  recorder.add(std::move(outcome.update));
}

}  // namespace tocsin::notify
