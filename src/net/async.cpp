#include "net/async.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tocsin::net {

namespace asio = boost::asio;

awaitable<void> sleep_until(std::chrono::steady_clock::time_point time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> sleep_for(std::chrono::milliseconds duration) {
  return sleep_until(within(duration));
}

}  // namespace tocsin::net
