// One io_context on one thread: everything that is not blocking runs here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "net/async.h"

namespace tocsin::net {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] Executor executor();
  /// Runs until stop() or until nothing is left to do. Exceptions of posted work pass through.
  void run();
  /// From any thread, and for good: what has not been run stays so.
  void stop();
  /// From any thread: runs `work` on the loop.
  void post(std::function<void()> work);
  /// Runs the loop until `main` ends and answers what it answers; for programs and tests. What
  /// `main` throws is thrown here; std::runtime_error when stop() comes first.
  template <typename T>
  T run_until_done(awaitable<T> main) {
    std::optional<T> result;
    drive([](awaitable<T> body, std::optional<T>& out) -> awaitable<void> {
      out.emplace(co_await std::move(body));
    }(std::move(main), result));
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): drive() throws when main did not end
    return *std::move(result);
  }
  void run_until_done(awaitable<void> main) { drive(std::move(main)); }

 private:
  void drive(awaitable<void> main);

  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace tocsin::net
