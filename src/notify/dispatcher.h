// Delivers: every destination's lanes, the clock, the outbox and the channels, put together.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "domain/review.h"
#include "net/async.h"
#include "notify/destination.h"
#include "notify/observer.h"
#include "notify/outbox.h"
#include "store/store.h"

namespace tocsin::notify {

struct DispatcherOptions {
  /// At most about so many deliveries of one destination in memory; the others wait in the outbox,
  /// and those that only memory holds are lost beyond another so many.
  std::size_t most_in_memory = 10'000;
  /// At most so many outcomes wait to be recorded; beyond, the oldest is forgotten, and its
  /// delivery may be sent again by the next run.
  std::size_t most_unrecorded = 100'000;
  /// How long stop() waits for what is in flight: longer than most answers take, and short enough
  /// for the whole program to end in the 5 seconds that Windows leaves it when it shuts down.
  std::chrono::milliseconds stop_limit = std::chrono::seconds(4);
  /// The wait after the outbox has failed; it doubles up to a minute.
  std::chrono::milliseconds storage_retry = std::chrono::seconds(1);
  /// What keeps an escalation of the alert from being sent now; may be empty.
  std::function<std::optional<Suppression>(const Alert&, Time now)> withheld{};
};

/// On the loop's thread only. At-least-once: what is not recorded as settled when the program ends
/// is sent again, with the same id, by the next one. A destination that is slow or dead delays none
/// of the others.
class Dispatcher {
 public:
  /// What is passed by reference outlives it; so do the channels.
  Dispatcher(net::Executor executor, std::span<const Destination> destinations, Outbox& outbox,
             Observer& observer, const Clock& clock, RandomFill random,
             DispatcherOptions options = {});
  /// Only before start() or after stop() has ended.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Begins with what earlier runs left in the outbox.
  void start();
  /// Takes up deliveries after they have been committed, one host's in their order; those
  /// that could not be committed have sequence 0 and live in memory only.
  void submit(std::vector<store::Delivery> deliveries);
  /// Whether the destination was, or may have been, notified of an alert about the service and not
  /// of its end, or is about to be.
  [[nodiscard]] bool may_have_open(const std::string& destination, const HostName& host,
                                   const ServiceName& service) const;
  /// Whether something is on its way, or is to leave now.
  [[nodiscard]] bool is_busy() const;
  /// How many deliveries memory holds that have not met their end: of a destination that is far
  /// behind, no more than `most_in_memory`.
  [[nodiscard]] std::size_t waiting() const;
  /// How many attempts have ended, whatever became of them.
  [[nodiscard]] std::uint64_t attempts() const;
  /// Those that only memory holds, as they are to be stored: a crash would lose them.
  [[nodiscard]] std::vector<store::Delivery> unstored() const;
  /// These have been committed since. What became of one meanwhile is recorded behind that.
  void mark_stored(std::span<const store::Delivery> deliveries);
  /// Begins nothing new, waits at most `stop_limit` for what is in flight, and records; the rest
  /// stays pending in the outbox. Answers the deliveries that only memory holds.
  net::awaitable<std::vector<store::Delivery>> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::notify
