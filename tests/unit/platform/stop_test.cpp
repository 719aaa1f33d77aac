#include "platform/stop.h"

#include <gtest/gtest.h>

#include "net/async.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::platform {
namespace {

net::awaitable<void> wait_for_ever() { (void)co_await stop_request(); }

TEST(Stop, WaitingForItCanBeCancelled) {
  net::Loop loop;
  net::TaskScope scope(loop.executor());
  loop.run_until_done([&]() -> net::awaitable<void> {
    scope.spawn(wait_for_ever());
    co_await net::sleep_for(std::chrono::milliseconds(1));
    scope.cancel();
    co_await scope.join();
  }());
  EXPECT_EQ(scope.size(), 0U);
}

}  // namespace
}  // namespace tocsin::platform
