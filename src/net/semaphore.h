// At most so many at once, first come first served.
#pragma once

#include <memory>
#include <utility>

#include "net/async.h"

namespace tocsin::net {

/// On the loop's thread only; outlives its slots.
class Semaphore {
 public:
  Semaphore(Executor executor, std::size_t slots);
  ~Semaphore();

  /// A place; it is given back when this is destroyed.
  class Slot {
   public:
    explicit Slot(Semaphore* of) : of_(of) {}
    Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Slot() {
      if (of_ != nullptr) of_->give_back();
    }

   private:
    Semaphore* of_;
  };

  /// Waits for a place. Cancellation throws and takes none.
  awaitable<Slot> acquire();

 private:
  void give_back();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::net
