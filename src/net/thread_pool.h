// Named threads that work off a queue in order.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace tocsin::net {

class ThreadPool {
 public:
  using Job = std::move_only_function<void()>;
  class Task;
  using Ticket = std::shared_ptr<Task>;

  /// At most `most` threads, started when they are needed; all but one end when they have idled
  /// long.
  ThreadPool(std::string name, std::size_t most);
  /// Works off what is queued, then joins; threads stuck in abandoned jobs are left to themselves.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// From any thread. A job must not throw. std::system_error: there is no thread and the system
  /// refuses one; the job is dropped.
  Ticket submit(Job job);
  /// From any thread: nobody waits for the job any more. One that has not begun never does; one
  /// that has must own all that it touches from here on, for it may outlive everything else.
  void abandon(const Ticket& ticket);
  /// How many threads are stuck in abandoned jobs now.
  [[nodiscard]] std::size_t stuck() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
