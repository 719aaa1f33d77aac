// Lets what is ready on the loop run, so that tests need no sleeps to get in step.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/async.h"
#include "net/event.h"

namespace tocsin::kit {

/// Once: as whatever waits for something that is there already.
inline net::awaitable<void> give_way() { return boost::asio::post(boost::asio::use_awaitable); }

/// Far more turns than any of the steps that these tests wait for.
inline net::awaitable<void> let_others_run() {
  for (int turn = 0; turn < 20; turn++) co_await give_way();
}

/// Until it is cancelled.
inline net::awaitable<void> wait_for_ever() {
  net::Event never(co_await boost::asio::this_coro::executor);
  co_await never.wait();
}

}  // namespace tocsin::kit
