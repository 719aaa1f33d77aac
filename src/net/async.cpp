#include "net/async.h"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "net/time_source.h"
#include "net/timer.h"

namespace tocsin::net {

namespace asio = boost::asio;

MonotonicClock::time_point MonotonicClock::now() {
  if (const auto* source = TimeSource::installed()) return source->now();
  return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

awaitable<void> sleep_until(Deadline time) {
  Timer timer(co_await asio::this_coro::executor);
  if (!co_await timer.wait_until(time))
    throw boost::system::system_error(asio::error::operation_aborted);
}

awaitable<void> sleep_for(std::chrono::milliseconds duration) {
  return sleep_until(within(duration));
}

}  // namespace tocsin::net
