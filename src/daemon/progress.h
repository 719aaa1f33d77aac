// Whether work of one kind goes on, as whoever looks now and then can tell. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "net/async.h"

namespace tocsin::daemon {

struct Work {
  bool pending = false;     ///< some is under way, or due
  std::uint64_t ended = 0;  ///< how much has ended up to now
};

class Progress {
 public:
  /// Pending work, of which nothing has ended for so long, stands still: four times as long as one
  /// check or one attempt may take.
  static constexpr auto kPatience = std::chrono::minutes(2);

  explicit Progress(net::MonotonicClock::time_point now) : last_(now) {}

  void note(Work work, net::MonotonicClock::time_point now) {
    if (!work.pending || work.ended != ended_) last_ = now;
    ended_ = work.ended;
  }
  [[nodiscard]] bool stands_still(net::MonotonicClock::time_point now) const {
    return now - last_ > kPatience;
  }

 private:
  net::MonotonicClock::time_point last_;  ///< when it went on, or had nothing to do
  std::uint64_t ended_ = 0;
};

}  // namespace tocsin::daemon
