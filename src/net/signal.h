// An Event of the loop that other threads may set, even after its listener has gone.
#pragma once

#include <memory>

#include "net/async.h"
#include "net/event.h"

namespace tocsin::net {

/// On the loop's thread only, but for what its senders do.
class Signal {
  struct Shared;

 public:
  /// A copy may be given to any thread and may outlive the signal and the loop.
  class Sender {
   public:
    explicit Sender(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    /// Sets the event, soon, on the loop's thread; nothing when the signal is gone.
    void send() const;

   private:
    std::shared_ptr<Shared> shared_;
  };

  explicit Signal(Executor executor);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  [[nodiscard]] Event& event();
  [[nodiscard]] Sender sender() const { return Sender(shared_); }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace tocsin::net
