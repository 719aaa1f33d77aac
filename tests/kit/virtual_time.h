// A time for tests: it passes when nothing else is left to do, and then at once.
#pragma once

#include <memory>

#include "base/clock.h"
#include "net/async.h"

namespace tocsin::kit {

/// While it lives, all loops, sleeps and deadlines go by it. As a Clock it is the civil time, which
/// passes with it. One at a time, and before the loop. Work on a net::Worker holds it; what other
/// threads and sockets do does not, so a test of those holds it itself.
class VirtualTime final : public Clock {
 public:
  explicit VirtualTime(Time start = Time{std::chrono::hours{24 * 365 * 50}});
  ~VirtualTime() override;
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  [[nodiscard]] Time now() const override;
  /// Lets so much time pass. Ends after all that is due by then.
  net::awaitable<void> pass(Duration time);
  /// Ends when nothing more can be done without time passing.
  net::awaitable<void> settle() { return pass(Duration(0)); }
  /// No time passes while the answer lives.
  [[nodiscard]] std::shared_ptr<void> hold();
  /// Moves the time at once, whatever holds it: so a call that hangs comes to its deadline.
  void skip(Duration time);
  /// Somebody sets the civil time; no other time knows of that.
  void set_clock(Duration by) { set_by_ += by; }

 private:
  class Source;
  const Time start_;
  Duration set_by_{};
  const std::shared_ptr<Source> source_;
};

}  // namespace tocsin::kit
