// Blocking work on named, bounded threads, joined at exit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "net/async.h"

namespace tocsin::net {

class Worker {
 public:
  /// `threads` named `name` (at most 15 characters are shown by the system).
  Worker(const std::string& name, std::size_t threads);
  /// Finishes what was begun or queued, then joins. Before the loop of its callers is destroyed.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `work` on a thread of the worker and answers, back on the caller's executor, what it
  /// answered. Cancellation does not stop work that has begun: the co_await ends when the work
  /// does. With one thread the order of calls is the order of execution. An exception in `work`
  /// is thrown to the caller.
  template <typename F, typename T = std::invoke_result_t<F>>
  awaitable<T> run(F work) {
    std::optional<T> result;
    co_await run_erased([&] { result.emplace(work()); });
    co_return *std::move(result);  // NOLINT(bugprone-unchecked-optional-access): the work ran
  }

 private:
  awaitable<void> run_erased(std::function<void()> work);

  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace tocsin::net
