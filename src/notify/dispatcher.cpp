#include "notify/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "notify/dispatcher_state.h"

namespace tocsin::notify {

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
            queue.rests_until = Time::min();
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

bool Dispatcher::is_busy() const {
  const Time now = state_->now().steady;
  return std::ranges::any_of(state_->queues, [now](const auto& named) {
    return named.second.lanes.in_flight() > 0 || named.second.alarm <= now;
  });
}

std::size_t Dispatcher::waiting() const {
  std::size_t all = 0;
  for (const auto& [key, queue] : state_->queues) all += queue.lanes.size();
  return all;
}

std::uint64_t Dispatcher::attempts() const { return state_->attempts; }

net::awaitable<std::vector<store::Delivery>> Dispatcher::stop() {
  state_->stopping = true;
  state_->keepers.spawn(state_->cut_off());
  co_await state_->sends.join();
  state_->keepers.cancel();
  co_await state_->keepers.join();
  co_await state_->outcome_writer.flush();
  co_return unstored();
}

std::vector<store::Delivery> Dispatcher::unstored() const {
  std::vector<store::Delivery> found;
  for (const auto& [key, queue] : state_->queues) {
    std::ranges::move(queue.lanes.unstored(), std::back_inserter(found));
    for (const Queue::Parked& parked : queue.parked)
      if (parked.delivery.sequence == 0) found.push_back(parked.delivery);
  }
  return found;
}

void Dispatcher::mark_stored(std::span<const store::Delivery> deliveries) {
  for (const store::Delivery& delivery : deliveries) {
    Queue& queue = state_->queues.at(delivery.destination);
    const auto parked = std::ranges::find(queue.parked, delivery.id,
                                          [](const auto& one) { return one.delivery.id; });
    if (store::Delivery* held = queue.lanes.find(delivery)) {
      held->sequence = delivery.sequence;
    } else if (parked != queue.parked.end()) {
      parked->delivery.sequence = delivery.sequence;
    }
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
    queue.lanes.add(std::move(delivery), now());
  } else if (!stored) {
    if (wants_steps) observer.waits(delivery, {.reason = Wait::Reason::outbox});
    park(queue, std::move(delivery));
  } else if (is_loaded_later) {
    queue.behind = true;
    if (wants_steps) observer.waits(delivery, {.reason = Wait::Reason::outbox});
  } else {
    queue.lanes.add(std::move(delivery), now());  // out of turn, but no load would find it
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
  auto [delivery, wait] = queue.lanes.find_wait(host, service, now());
  if (delivery == nullptr) return;
  if (wait.reason == Wait::Reason::turn && begun && queue.login.gate != nullptr) {
    wait.reason = Wait::Reason::login;
    if (const auto suspension = queue.login.gate->find_suspension(login_peer()))
      wait.until = suspension->until;
  }
  observer.waits(*delivery, wait);
}

}  // namespace tocsin::notify
