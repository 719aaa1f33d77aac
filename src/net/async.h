// The vocabulary of everything asynchronous: awaitables, deadlines, sleeping.
#pragma once

#include <chrono>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace tocsin::net {

using boost::asio::awaitable;
using Executor = boost::asio::any_io_executor;

/// A point in time by which an operation has ended, one way or the other. A parameter of every
/// network call; callees may shrink it (std::min), never extend it.
using Deadline = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Deadline within(std::chrono::milliseconds limit) {
  return std::chrono::steady_clock::now() + limit;
}

/// Ends at that time. Cancelling throws boost::system::system_error (operation_aborted).
awaitable<void> sleep_until(std::chrono::steady_clock::time_point time);
awaitable<void> sleep_for(std::chrono::milliseconds duration);

}  // namespace tocsin::net
