#include "net/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tocsin::net {

struct Event::State {
  explicit State(Executor executor) : timer(executor) { timer.expires_at(Deadline::max()); }
  boost::asio::steady_timer timer;
  bool set = false;
};

Event::Event(Executor executor) : state_(std::make_unique<State>(std::move(executor))) {}
Event::~Event() = default;

void Event::set() {
  state_->set = true;
  state_->timer.cancel();
}

void Event::reset() { state_->set = false; }

bool Event::is_set() const { return state_->set; }

awaitable<void> Event::wait() {
  if (state_->set) co_return;
  // The timer never fires: its end is set() or, when nothing is set, the caller's cancellation.
  co_await state_->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
  if (cancelled.cancelled() != boost::asio::cancellation_type::none) {
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
}

}  // namespace tocsin::net
