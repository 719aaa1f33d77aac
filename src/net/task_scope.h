// Every coroutine that runs on its own belongs to a scope: spawn, cancel all, wait for all.
#pragma once

#include <memory>

#include "net/async.h"

namespace tocsin::net {

/// On the loop's thread only. The scope must be empty (joined) before it is destroyed.
class TaskScope {
 public:
  explicit TaskScope(const Executor& executor);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// Starts it soon. A cancellation that leaves `task` ends it in silence; any other exception is a
  /// broken invariant: it leaves Loop::run() and the program. After cancel() nothing is started.
  void spawn(awaitable<void> task);
  /// Asks every task to end: its current or next co_await throws.
  void cancel();
  /// Waits until no task is left.
  awaitable<void> join();
  /// Likewise; whether none is left by then.
  awaitable<bool> join_until(Deadline deadline);
  [[nodiscard]] std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
