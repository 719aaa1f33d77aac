// Lets one coroutine wait for another.
#pragma once

#include <vector>

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
  void reset() { set_ = false; }
  [[nodiscard]] bool is_set() const { return set_; }
  /// Cancellation throws, unless the event was set before it.
  awaitable<void> wait();
  /// Whether it was set by then.
  awaitable<bool> wait_until(Deadline deadline);

 private:
  struct Waiter;
  Executor executor_;
  std::vector<Waiter*> waiters_;
  bool set_ = false;
};

}  // namespace tocsin::net
