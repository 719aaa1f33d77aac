#include "net/pause.h"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "net/timer.h"

namespace tocsin::net {

namespace asio = boost::asio;

awaitable<void> Pause::wait_until(Deadline time) {
  Timer timer(co_await asio::this_coro::executor);
  timer_ = &timer;
  const bool came = co_await timer.wait_until(time);
  const bool ended = std::exchange(timer_, nullptr) == nullptr;
  if (!came && !ended) throw boost::system::system_error(asio::error::operation_aborted);
}

void Pause::end() {
  if (auto* timer = std::exchange(timer_, nullptr)) timer->cancel();
}

}  // namespace tocsin::net
