#include "platform/stop.h"

#include <gtest/gtest.h>

#include "kit/turns.h"
#include "net/async.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::platform {
namespace {

net::awaitable<void> wait_for_a_stop() { (void)co_await stop_request(); }

TEST(Stop, WaitingForItCanBeCancelled) {
  net::Loop loop;
  net::TaskScope scope(loop.executor());
  loop.run_until_done([&]() -> net::awaitable<void> {
    scope.spawn(wait_for_a_stop());
    co_await kit::let_others_run();
    scope.cancel();
    co_await scope.join();
  }());
  EXPECT_EQ(scope.size(), 0U);
}

}  // namespace
}  // namespace tocsin::platform
