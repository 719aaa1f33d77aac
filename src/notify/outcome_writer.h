// Writes what became of deliveries to the outbox, in batches, without delaying them.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

#include "net/async.h"
#include "net/event.h"
#include "notify/observer.h"
#include "notify/outbox.h"

namespace tocsin::notify {

/// On the loop's thread only. In the order of add(), so that after a crash an older alert is not
/// sent again behind a newer one that was recorded.
class OutcomeWriter {
 public:
  struct Options {
    std::size_t most;  ///< so many updates wait; beyond, the oldest is forgotten
    std::chrono::milliseconds first_wait;  ///< after a failure; it doubles up to a minute
  };
  OutcomeWriter(net::Executor executor, Outbox& outbox, Observer& observer, Options options);

  void add(store::DeliveryUpdate update);
  /// Writes what comes, until it is cancelled; what fails is tried again with backoff.
  net::awaitable<void> run();
  /// Tries once to write what is left, after run() has ended.
  net::awaitable<void> flush();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size() + batch_.size(); }

 private:
  net::awaitable<Result<>> write_batch();

  Outbox& outbox_;
  Observer& observer_;
  Options options_;
  net::Event more_;
  std::deque<store::DeliveryUpdate> waiting_;
  std::vector<store::DeliveryUpdate> batch_;  ///< being written, and older than the waiting ones
};

}  // namespace tocsin::notify
