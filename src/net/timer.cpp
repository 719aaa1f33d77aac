#include "net/timer.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/time_source.h"

namespace tocsin::net {

namespace asio = boost::asio;

struct Timer::State {
  explicit State(const Executor& executor) : timer(executor) {}

  /// Where a TimeSource is installed Asio's timer never expires: the alarm cancels it. The answer
  /// then tells whether it was the alarm that did.
  std::shared_ptr<const bool> set(Deadline time) {
    using SteadyTime = std::chrono::steady_clock::time_point;
    auto* const source = TimeSource::installed();
    timer.expires_at(source ? SteadyTime::max() : SteadyTime(time.time_since_epoch()));
    alarm.reset();
    if (source == nullptr || time == Deadline::max()) return nullptr;
    auto rang = std::make_shared<bool>(false);
    alarm = source->set_alarm(time, [this, rang] {
      *rang = true;
      timer.cancel();
    });
    return rang;
  }

  asio::steady_timer timer;
  std::shared_ptr<void> alarm;
};

namespace {

bool has_come(const boost::system::error_code& error, const std::shared_ptr<const bool>& rang) {
  return !error || (rang && *rang);
}

}  // namespace

Timer::Timer(const Executor& executor) : state_(std::make_unique<State>(executor)) {}
Timer::~Timer() = default;

awaitable<bool> Timer::wait_until(Deadline time) {
  const auto rang = state_->set(time);
  const auto [error] = co_await state_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  state_->alarm.reset();
  co_return has_come(error, rang);
}

void Timer::call_at(Deadline time, std::move_only_function<void()> ring) {
  const auto rang = state_->set(time);
  state_->timer.async_wait(
      [rang, ring = std::move(ring)](const boost::system::error_code& error) mutable {
        if (has_come(error, rang)) ring();
      });
}

void Timer::cancel() {
  state_->alarm.reset();
  state_->timer.cancel();
}

}  // namespace tocsin::net
