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
#include "notify/recorder.h"

namespace tocsin::notify {
namespace {

/// How many deliveries are read from the outbox at once.
constexpr std::size_t kPage = 1000;
constexpr Duration kLongestLoadWait = std::chrono::minutes(1);
/// The longest sleep: after so long it is noticed that somebody has set the clock.
constexpr Duration kLongestSleep = std::chrono::minutes(1);
/// A channel that logs in by itself may answer before its gate knows why.
constexpr Duration kLoginRest = std::chrono::seconds(1);
constexpr const char* kNotConfigured = "destination is no longer configured";

/// One destination at work.
struct Line {
  Line(const Destination& destination, const net::Executor& executor, const RandomFill& random)
      : channel(*destination.channel),
        login(destination.login),
        lanes(destination.rules, random),
        alarm_moved(executor) {}

  Channel& channel;
  Login login;
  std::uint64_t login_listener = 0;
  Time rests_until{};  ///< after a refused login that its gate does not know of yet
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

/// Whether a delivery may log in, and with which pass; otherwise when it is worth asking again,
/// which is never where somebody else is about to find out.
std::expected<std::optional<logins::Pass>, Time> enter(Line& line, Time now) {
  auto* gate = line.login.gate;
  if (gate == nullptr) return std::nullopt;
  if (now < line.rests_until && line.rests_until <= now + kLoginRest)
    return std::unexpected(line.rests_until);
  if (const auto suspension = gate->find_suspension(login_peer()))
    return std::unexpected(suspension->until);
  if (line.login.by == Login::By::channel) {
    const bool waits = gate->guard().is_doubtful(login_peer()) && line.lanes.in_flight() > 0;
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
        options(with),
        recorder(executor, outbox, observer,
                 {.most = options.most_unrecorded, .first_wait = options.storage_retry}),
        sends(executor),
        keepers(executor) {}

  ~State() {
    for (auto& [key, line] : lines) {
      if (line.login.gate != nullptr) line.login.gate->remove_on_opening(line.login_listener);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  net::awaitable<void> begin();
  net::awaitable<void> keep_time(Line& line);
  net::awaitable<void> load(Line& line);
  net::awaitable<void> send(Line& line, const store::Delivery& delivery,
                            std::optional<logins::Pass> pass);
  net::awaitable<void> cut_off();
  void submit(store::Delivery delivery);
  void hold(Line& line, store::Delivery delivery);
  void release(Line& line, std::int64_t before);
  void pump(Line& line);
  void arm(Line& line, Time not_before, Time now);
  void settle(Line& line, std::optional<logins::Pass> pass, const DeliveryId& id,
              const Answer& answer);
  void conclude(Outcome outcome, Time next = {});

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
    const auto [place, is_new] = state_->lines.try_emplace(destination.channel->key(), destination,
                                                           state_->executor, state_->random);
    if (is_new && destination.login.gate != nullptr) {
      place->second.login_listener =
          destination.login.gate->on_opening([&state = *state_, &line = place->second] {
            line.rests_until = {};
            state.pump(line);
          });
    }
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

net::awaitable<void> Dispatcher::State::send(Line& line, const store::Delivery& delivery,
                                             std::optional<logins::Pass> pass) {
  const DeliveryId id = delivery.id;
  const auto deadline = net::within(kDeliveryLimit);
  if (pass) {
    (void)co_await line.login.gate->check(login_peer());  // for a secret that has changed
    co_await line.login.gate->record(login_peer(), deadline);
  }
  Answer answer = co_await line.channel.deliver(delivery.alert, id, deadline);
  // Nobody guards this login: at least it is not tried at once.
  if (auto* refused = std::get_if<LoginRefused>(&answer); refused && line.login.gate == nullptr)
    answer = RetryAfter{.after = {}, .reason = std::move(refused->reason)};
  settle(line, std::move(pass), id, answer);
  pump(line);
}

/// Of one that waits for its login, the gate knows better than the lanes when it is tried again.
void Dispatcher::State::settle(Line& line, std::optional<logins::Pass> pass, const DeliveryId& id,
                               const Answer& answer) {
  auto outcome = line.lanes.settle(id, answer, clock.now());
  if (!std::holds_alternative<LoginRefused>(answer)) {
    conclude(std::move(outcome));
    return notify::conclude(std::move(pass), answer);
  }
  notify::conclude(std::move(pass), answer);
  const Time now = clock.now();
  const auto suspension = line.login.gate->find_suspension(login_peer());
  if (!suspension) line.rests_until = now + kLoginRest;
  conclude(std::move(outcome), suspension ? suspension->until : line.rests_until);
}

/// Sends what may be sent now, and sees to it that the rest is looked at in time.
void Dispatcher::State::pump(Line& line) {
  if (!begun || stopping) return;
  const Time now = clock.now();
  Time not_before = now;
  while (line.lanes.has_next(now)) {
    auto pass = enter(line, now);
    if (!pass) {
      not_before = pass.error();
      break;
    }
    sends.spawn(send(line, *line.lanes.take(now), *std::move(pass)));
  }
  if (line.login.gate != nullptr && not_before > now) {
    if (const auto suspension = line.login.gate->find_suspension(login_peer()))
      line.lanes.explain(suspension->reason, now);
  }
  for (Outcome& outcome : line.lanes.take_outcomes()) {
    const bool is_explained =
        outcome.update.state == store::DeliveryState::pending && !is_escalation(outcome.delivery);
    conclude(std::move(outcome), is_explained ? not_before : Time{});
  }
  if (line.behind && !line.loading && line.lanes.size() <= options.most_in_memory / 2) {
    line.loading = true;
    keepers.spawn(load(line));
  }
  arm(line, not_before, now);
}

/// Waking too early is harmless, so an alarm is only ever moved forward.
void Dispatcher::State::arm(Line& line, Time not_before, Time now) {
  const Time next = std::max(line.lanes.wake(now).value_or(Time::max()), not_before);
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
    if (line.login.gate != nullptr) (void)co_await line.login.gate->check(login_peer());
    pump(line);
  }
}

net::awaitable<void> Dispatcher::State::cut_off() {
  co_await net::sleep_for(options.stop_limit);
  sends.cancel();
}

/// `next`: when it is tried again, if not when its lane says. Only said: after a restart with
/// another password nothing waits.
void Dispatcher::State::conclude(Outcome outcome, Time next) {
  auto told = outcome.update;
  told.not_before = std::max(told.not_before, next);
  observer.settled(outcome.delivery, told);
  recorder.add(std::move(outcome.update));
}

}  // namespace tocsin::notify
