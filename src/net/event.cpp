#include "net/event.h"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "net/timer.h"

namespace tocsin::net {

/// Stands in the list while its coroutine sleeps, and leaves it however the sleep ends.
struct Event::Waiter {
  explicit Waiter(Event& of) : event(of), timer(of.executor_) { event.waiters_.push_back(this); }
  ~Waiter() { std::erase(event.waiters_, this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Event& event;
  Timer timer;
  bool woken = false;
};

Event::Event(Executor executor) : executor_(std::move(executor)) {}
Event::~Event() = default;

void Event::set() {
  set_ = true;
  for (auto* waiter : waiters_) {
    waiter->woken = true;
    waiter->timer.cancel();
  }
}

awaitable<void> Event::wait() { co_await wait_until(Deadline::max()); }

awaitable<bool> Event::wait_until(Deadline deadline) {
  if (set_) co_return true;
  Waiter waiter(*this);
  co_await waiter.timer.wait_until(deadline);
  const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
  if (!waiter.woken && cancelled.cancelled() != boost::asio::cancellation_type::none) {
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  co_return waiter.woken;
}

}  // namespace tocsin::net
