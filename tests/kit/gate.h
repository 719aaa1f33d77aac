// A door between threads that is opened once.
#pragma once

#include <condition_variable>
#include <mutex>

namespace tocsin::kit {

/// What std::latch(1) would be; that of libstdc++ 12 misses wake-ups where the system has no futex,
/// as on Windows (seen under Wine).
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }
  [[nodiscard]] bool is_open() {
    const std::lock_guard lock(mutex_);
    return open_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace tocsin::kit
