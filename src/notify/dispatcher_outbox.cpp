// The part of the dispatcher that takes up what the outbox holds.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <ranges>
#include <utility>

#include "notify/dispatcher_state.h"

namespace tocsin::notify {
namespace {

/// How many deliveries are read from the outbox at once.
constexpr std::size_t kPage = 1000;
constexpr Duration kLongestLoadWait = std::chrono::minutes(1);
/// How often it is tried to read which alerts are open, before alerts go on without.
constexpr int kOpenAlertTries = 5;

}  // namespace

/// Nothing is sent before the limits of the earlier run are known.
net::awaitable<void> Dispatcher::State::begin() {
  std::vector<std::string> keys;
  std::ranges::copy(std::views::keys(queues), std::back_inserter(keys));
  const auto abandoned = co_await outbox.abandon(keys, clock.now(), kNotConfigured);
  if (!abandoned) {
    observer.storage_failed(abandoned.error(), outcome_writer.waiting());
  } else if (*abandoned > 0) {
    observer.abandoned(*abandoned);
  }
  const auto limits = co_await outbox.load_last_delivered(clock.now() - longest_limit);
  if (!limits) observer.storage_failed(limits.error(), outcome_writer.waiting());
  for (const store::LastDelivered& last : limits.value_or(std::vector<store::LastDelivered>{})) {
    if (const auto queue = queues.find(last.destination); queue != queues.end()) {
      queue->second.lanes.remember(last, now());
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
    queue.lanes.add(std::move(queue.parked.front().delivery), now());
  }
}

net::awaitable<void> Dispatcher::State::load(Queue& queue) {
  constexpr auto kEverything = std::numeric_limits<std::int64_t>::max();
  const Backoff backoff{.first = options.storage_retry, .longest = kLongestLoadWait};
  unsigned failures = 0;
  while (queue.behind && wants_more(queue)) {
    const std::int64_t newest = queue.newest;
    auto page = co_await outbox.load_pending(queue.channel.key(), queue.loaded, kPage);
    queue.unreadable = !page;
    if (!page) {
      observer.storage_failed(page.error(), outcome_writer.waiting());
      release(queue, kEverything);  // better out of order than not at all
      pump(queue);
      co_await net::sleep_for(backoff.after(++failures));
      continue;
    }
    co_await expect_groups(queue, *page);
    for (store::Delivery& delivery : *page) {
      release(queue, delivery.sequence);
      queue.loaded = delivery.sequence;
      if (queue.lanes.find(delivery) != nullptr) continue;  // it was in memory before it was stored
      queue.unclaimed.insert(delivery.sequence);
      if (observer.wants_steps()) observer.queued(delivery);
      queue.lanes.add(std::move(delivery), now());
    }
    while (queue.unclaimed.size() > options.most_in_memory) {
      queue.unclaimed.erase(queue.unclaimed.begin());
    }
    if (page->empty()) {
      queue.loaded = std::max(queue.loaded, newest);
      queue.behind = queue.newest > queue.loaded;
      if (!queue.behind) {
        release(queue, kEverything);
        queue.lanes.stop_expecting(now());
      }
    }
    pump(queue);
  }
  queue.loading = false;
}

/// Groups that an earlier run has begun leave as they were. One whose message cannot be read, or
/// can be none, is begun anew.
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
    const auto is_sound = [&](const store::StoredMessage& message) {
      return queue.grouping->is_sound({.text = message.text, .note = message.note});
    };
    if (!found || !*found || !is_sound((*found)->message)) {
      queue.begun_anew.insert(std::exchange(delivery.group, {}));
      continue;
    }
    auto& [message, members] = **found;
    queue.lanes.expect(message.id, members);
    queue.messages[{message.id}] = {.text = std::move(message.text),
                                    .note = std::move(message.note)};
  }
}

}  // namespace tocsin::notify
