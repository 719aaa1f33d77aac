// Goes off at a time: the only user of Asio's timers, so that tests own the time.
#pragma once

#include <functional>
#include <memory>

#include "net/async.h"

namespace tocsin::net {

/// On the loop's thread only. One waits at a time, or one call is due: the next ends the last
/// early.
class Timer {
 public:
  explicit Timer(const Executor& executor);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Whether the time came; false when cancel() or the cancellation of the task came first, which
  /// does not throw.
  awaitable<bool> wait_until(Deadline time);
  /// Calls `ring` at that time, unless the timer is cancelled or destroyed before.
  void call_at(Deadline time, std::move_only_function<void()> ring);
  void cancel();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
