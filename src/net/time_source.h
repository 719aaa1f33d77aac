// The source of passing time, replaced in tests so that they need not wait.
#pragma once

#include <functional>
#include <memory>

#include "net/async.h"

namespace tocsin::net {

/// Takes the place of the machine's clock and of its timers; tests/kit/virtual_time.h is the only
/// one. On the loop's thread only, but for now() and installed().
class TimeSource {
 public:
  virtual ~TimeSource() = default;

  [[nodiscard]] virtual Deadline now() const = 0;
  /// Calls `ring` once that time has come, unless the answer is destroyed before.
  [[nodiscard]] virtual std::shared_ptr<void> set_alarm(Deadline at,
                                                        std::function<void()> ring) = 0;
  /// While the answer lives another thread is at work, and no time passes.
  [[nodiscard]] virtual std::shared_ptr<void> hold() = 0;
  /// The loop has nothing else to do: lets time pass until the next alarm, and rings it. False when
  /// there is none or time is held.
  virtual bool pass_to_next_alarm() = 0;

  /// Null: time passes by itself, as it does everywhere but in tests.
  [[nodiscard]] static TimeSource* installed();
  /// Before any timer is set that shall follow it.
  static void install(TimeSource* source);
};

}  // namespace tocsin::net
