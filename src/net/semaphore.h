// Limits how many coroutines run at once, first come first served.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "net/async.h"

namespace tocsin::net {

/// On the loop's thread only.
class Semaphore {
  struct State;

 public:
  Semaphore(Executor executor, std::size_t slots);

  /// A place; it is given back when this is destroyed.
  class Slot {
   public:
    explicit Slot(std::shared_ptr<State> of) : of_(std::move(of)) {}
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Slot();

   private:
    std::shared_ptr<State> of_;
  };

  /// A place in line, and then a place, for whoever does something else meanwhile. Both are given
  /// back when this is destroyed.
  class Turn {
   public:
    /// `on_come` is called when it comes, unless it comes at once.
    Turn(const Semaphore& of, std::function<void()> on_come);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();
    [[nodiscard]] bool has_come() const { return slot_.has_value(); }

   private:
    friend Semaphore;
    std::shared_ptr<State> of_;
    std::function<void()> on_come_;
    std::optional<Slot> slot_;
    std::optional<std::list<Turn*>::iterator> in_line_;
  };

  /// Waits for a place. Cancellation throws and takes none.
  awaitable<Slot> acquire();
  /// Nothing: none has come free by then.
  awaitable<std::optional<Slot>> acquire_until(Deadline deadline);
  /// How many places nobody has.
  [[nodiscard]] std::size_t free() const;

 private:
  Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
