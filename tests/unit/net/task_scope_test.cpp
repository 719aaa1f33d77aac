#include "net/task_scope.h"

#include <stdexcept>

#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "net/event.h"
#include "net/loop.h"

namespace tocsin::net {
namespace {

/// Runs to its wait and says how it ended.
struct Trace {
  bool began = false;
  bool cancelled = false;
};

awaitable<void> wait_and_trace(Trace& trace) {
  trace.began = true;
  try {
    co_await kit::wait_for_ever();
  } catch (const boost::system::system_error&) {
    trace.cancelled = true;
    throw;
  }
}

TEST(TaskScopeTest, StartsSoonAndJoinsWhenAllHaveEnded) {
  Loop loop;
  TaskScope scope(loop.executor());
  int ended = 0;
  const auto count = [](int& out) -> awaitable<void> {
    co_await kit::let_others_run();
    out++;
  };
  scope.spawn(count(ended));
  scope.spawn(count(ended));
  EXPECT_EQ(scope.size(), 2);
  loop.run_until_done(scope.join());
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(scope.size(), 0);
  loop.run_until_done(scope.join());  // nothing to wait for
}

TEST(TaskScopeTest, NeverRunsATaskInsideSpawn) {
  Loop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  loop.run_until_done([](TaskScope& in, Trace& of) -> awaitable<void> {
    in.spawn(wait_and_trace(of));
    EXPECT_FALSE(of.began);
    co_await kit::let_others_run();
    EXPECT_TRUE(of.began);
    in.cancel();
    co_await in.join();
  }(scope, trace));
  EXPECT_TRUE(trace.cancelled);
}

TEST(TaskScopeTest, CancelBeforeTheStartEndsTheTask) {
  Loop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  scope.spawn(wait_and_trace(trace));
  scope.cancel();
  loop.run_until_done(scope.join());
  EXPECT_FALSE(trace.began);
}

TEST(TaskScopeTest, CancelFromOutsideTheLoopMayMeetATaskThatEnds) {
  Loop loop;
  TaskScope scope(loop.executor());
  Event event(loop.executor());
  loop.run_until_done([](TaskScope& in, Event& of) -> awaitable<void> {
    in.spawn(of.wait());
    for (int turn = 0; turn < 3; turn++) co_await kit::let_others_run();
    of.set();
  }(scope, event));
  ASSERT_EQ(scope.size(), 1);
  scope.cancel();
  loop.run_until_done(scope.join());
  EXPECT_EQ(scope.size(), 0);
}

TEST(TaskScopeTest, StartsNothingAfterCancel) {
  Loop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  scope.cancel();
  scope.spawn(wait_and_trace(trace));
  EXPECT_EQ(scope.size(), 0);
}

TEST(TaskScopeTest, ATaskMayCancelItsOwnScope) {
  Loop loop;
  TaskScope scope(loop.executor());
  Trace other;
  bool next_wait_threw = false;
  scope.spawn(wait_and_trace(other));
  scope.spawn([](TaskScope& in, bool& threw) -> awaitable<void> {
    co_await kit::let_others_run();
    in.cancel();
    try {
      co_await kit::let_others_run();
    } catch (const boost::system::system_error&) {
      threw = true;
    }
  }(scope, next_wait_threw));
  loop.run_until_done(scope.join());
  EXPECT_TRUE(other.cancelled);
  EXPECT_TRUE(next_wait_threw);
}

TEST(TaskScopeTest, AnotherExceptionLeavesTheLoop) {
  Loop loop;
  TaskScope scope(loop.executor());
  scope.spawn([]() -> awaitable<void> {
    co_await kit::let_others_run();
    throw std::logic_error("broken");
  }());
  EXPECT_THROW(loop.run(), std::logic_error);
  EXPECT_EQ(scope.size(), 0);
}

TEST(TaskScopeTest, JoinCanBeCancelledAndTriedAgain) {
  Loop loop;
  TaskScope inner(loop.executor());
  TaskScope outer(loop.executor());
  Trace trace;
  inner.spawn(wait_and_trace(trace));
  outer.spawn(inner.join());
  loop.run_until_done([](TaskScope& of) -> awaitable<void> {
    co_await kit::let_others_run();
    of.cancel();
    co_await of.join();
  }(outer));
  EXPECT_EQ(inner.size(), 1);
  inner.cancel();
  loop.run_until_done(inner.join());
  EXPECT_TRUE(trace.cancelled);
}

}  // namespace
}  // namespace tocsin::net
