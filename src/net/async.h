// The vocabulary of everything asynchronous: awaitables, deadlines, sleeping.
#pragma once

#include <chrono>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace tocsin::net {

using boost::asio::awaitable;
using Executor = boost::asio::any_io_executor;

/// The time of deadlines and sleeps: the machine's steady clock, or what a test has put in its
/// place (net/time_source.h). A clock as <chrono> wants one, so that no other time mixes with it.
struct MonotonicClock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  // NOLINTNEXTLINE(readability-identifier-naming): the name of [time.clock.req]
  static constexpr bool is_steady = true;

  /// From any thread.
  [[nodiscard]] static time_point now();
};

/// A point in time by which an operation has ended, one way or the other. A parameter of every
/// network call; callees may shrink it (std::min), never extend it.
using Deadline = MonotonicClock::time_point;

[[nodiscard]] inline Deadline within(std::chrono::milliseconds limit) {
  return MonotonicClock::now() + limit;
}

/// Ends at that time. Cancelling throws boost::system::system_error (operation_aborted).
awaitable<void> sleep_until(Deadline time);
awaitable<void> sleep_for(std::chrono::milliseconds duration);

}  // namespace tocsin::net
