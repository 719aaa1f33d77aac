// One coroutine waits for what another one says.
#pragma once

#include <memory>

#include "net/async.h"

namespace tocsin::net {

/// On the loop's thread only; outlives its waiters.
class Event {
 public:
  explicit Event(Executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Wakes all who wait; who comes later does not wait, until reset().
  void set();
  void reset();
  [[nodiscard]] bool is_set() const;
  /// Cancellation throws.
  awaitable<void> wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
