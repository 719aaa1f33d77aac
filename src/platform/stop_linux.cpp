#include "platform/stop.h"

#include <csignal>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tocsin::platform {

boost::asio::awaitable<std::string> stop_request() {
  boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
  const int signal = co_await signals.async_wait(boost::asio::use_awaitable);
  co_return signal == SIGINT ? "^C" : "SIGTERM";
}

boost::asio::awaitable<void> watch_reload_requests(std::function<void()> on_request) {
  if (isatty(STDERR_FILENO) != 0) co_return;
  // One set for all: without one, a signal would end the process.
  boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGHUP);
  for (;;) {
    co_await signals.async_wait(boost::asio::use_awaitable);
    on_request();
  }
}

}  // namespace tocsin::platform
