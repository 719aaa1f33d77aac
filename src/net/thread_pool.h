// A few named threads that work off a queue in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tocsin::net {

class ThreadPool {
 public:
  using Job = std::move_only_function<void()>;

  ThreadPool(const std::string& name, std::size_t threads);
  /// Works off what is queued, then joins.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// From any thread. A job must not throw.
  void submit(Job job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin::net
