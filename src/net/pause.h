// A sleep that may be ended early.
#pragma once

#include "net/async.h"

namespace tocsin::net {

class Timer;

/// On the loop's thread only. One sleeps at a time.
class Pause {
 public:
  /// Ends at that time or with end(), whichever comes first. Cancelling throws
  /// boost::system::system_error (operation_aborted).
  awaitable<void> wait_until(Deadline time);
  /// Nothing where nobody sleeps.
  void end();

 private:
  Timer* timer_ = nullptr;
};

}  // namespace tocsin::net
