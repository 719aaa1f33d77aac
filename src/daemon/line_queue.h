// Lines on their way to a place that may stall: a terminal, a pipe, a disk, the system's log.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "config/log_level.h"
#include "net/thread_pool.h"

namespace tocsin::daemon {

/// From any thread. put() never waits: a thread of its own writes, and what it cannot keep up with
/// is lost, the oldest first. Before the next line that is written, a line says how many were lost.
class LineQueue {
 public:
  struct Line {
    config::LogLevel level;
    std::string text;
  };
  /// Answers whether the line is written. Called on the queue's thread; owns what it touches.
  using Write = std::function<bool(const Line&)>;

  /// `most`: so many lines wait at most.
  explicit LineQueue(Write write, std::size_t most = 10'000);
  /// Waits for what is queued, but not longer than a second; a write that stalls is left to itself.
  ~LineQueue();
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  void put(Line line);
  /// Waits until nothing is left to be written, a second at most; answers whether it is so.
  bool flush();
  /// Lines that were lost since the beginning.
  [[nodiscard]] std::size_t lost() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  net::ThreadPool::Ticket ticket_;  ///< under the mutex of the state
  net::ThreadPool thread_{"log", 1};
};

}  // namespace tocsin::daemon
