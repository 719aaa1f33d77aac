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
  /// At most `most` threads named `name` (the system shows 15 characters), started on demand.
  Worker(std::string name, std::size_t most);
  /// Finishes what was begun or queued, then joins; a call that was given up is not waited for.
  /// Before the loop of its callers is destroyed.
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

  /// The same for work that may hang: nothing when it has not ended by the deadline, or when
  /// all threads are stuck and the system refuses another one. Cancellation
  /// throws at once. Either way work that has begun goes on, keeps its thread until it ends, and
  /// may outlive everything else: it must own all that it touches.
  template <typename F, typename T = std::invoke_result_t<F>>
  awaitable<std::optional<T>> run_until(F work, Deadline deadline) {
    const auto result = std::make_shared<std::optional<T>>();
    const bool ended = co_await run_owned(
        [result, work = std::move(work)]() mutable { result->emplace(work()); }, deadline);
    if (!ended) co_return std::nullopt;
    co_return std::move(*result);
  }

  /// How many threads are stuck in calls that were given up.
  [[nodiscard]] std::size_t stuck() const;

 private:
  awaitable<void> run_erased(std::function<void()> work);
  awaitable<bool> run_owned(std::move_only_function<void()> work, Deadline deadline);

  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace tocsin::net
