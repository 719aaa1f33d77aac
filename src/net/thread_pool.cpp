#include "net/thread_pool.h"

#include <pthread.h>
#include <utility>

namespace tocsin::net {

ThreadPool::ThreadPool(const std::string& name, std::size_t threads) {
  const std::string shown = name.substr(0, 15);  // Linux refuses longer names
  for (std::size_t i = 0; i < threads; i++) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), shown.c_str());
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadPool::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void ThreadPool::work() {
  for (std::unique_lock lock(mutex_);;) {
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it owns must not be destroyed under the lock
    lock.lock();
  }
}

}  // namespace tocsin::net
