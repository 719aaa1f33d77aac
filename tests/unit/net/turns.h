// Lets everything that is ready on the loop run, so that tests need no sleeps to get in step.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/async.h"

namespace tocsin::net {

/// Far more turns than any of the steps that these tests wait for.
inline awaitable<void> let_others_run() {
  for (int turn = 0; turn < 20; turn++) co_await boost::asio::post(boost::asio::use_awaitable);
}

}  // namespace tocsin::net
