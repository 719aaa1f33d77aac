// Waits for one socket or for a word from another thread, on every platform and without the limit
// that select() has.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace tocsin::net {

class Poller {
 public:
  struct Wish {
    std::intptr_t socket;
    bool readable;
    bool writable;
  };
  struct Ready {
    bool readable = false;
    bool writable = false;
  };

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Until the socket (if any) is ready or has failed, wake() was called since the last wait, or
  /// the time is over.
  [[nodiscard]] Ready wait(const std::optional<Wish>& wish, std::chrono::milliseconds limit);
  /// From any thread.
  void wake();

 private:
  struct Multi;
  std::unique_ptr<Multi> multi_;
};

}  // namespace tocsin::net
