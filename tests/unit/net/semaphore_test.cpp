#include "net/semaphore.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "kit/turns.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

/// Writes its name when it has got a place, and gives the place back when told to.
awaitable<void> take_turn(Semaphore& semaphore, char name, std::string& order, Event& leave) {
  const auto slot = co_await semaphore.acquire();
  order += name;
  co_await leave.wait();
}

TEST(SemaphoreTest, ServesInTheOrderOfAskingAndNeverMoreThanItsSlots) {
  Loop loop;
  Semaphore semaphore(loop.executor(), 2);
  TaskScope scope(loop.executor());
  std::string order;
  Event leave(loop.executor());
  for (const char name : {'a', 'b', 'c', 'd'})
    scope.spawn(take_turn(semaphore, name, order, leave));
  loop.run_until_done(kit::let_others_run());
  EXPECT_EQ(order, "ab");
  leave.set();
  loop.run_until_done(scope.join());
  EXPECT_EQ(order, "abcd");
}

TEST(SemaphoreTest, WhoComesLaterDoesNotOvertakeAWaiter) {
  Loop loop;
  Semaphore semaphore(loop.executor(), 1);
  TaskScope scope(loop.executor());
  std::string order;
  Event leave_first(loop.executor());
  Event leave_rest(loop.executor());
  leave_rest.set();
  scope.spawn(take_turn(semaphore, 'a', order, leave_first));
  scope.spawn(take_turn(semaphore, 'b', order, leave_rest));
  loop.run_until_done(kit::let_others_run());
  // The place is free and already b's when c asks, although b has not run yet.
  scope.spawn([](Semaphore& of, std::string& out, Event& first, Event& rest) -> awaitable<void> {
    first.set();
    co_await take_turn(of, 'c', out, rest);
  }(semaphore, order, leave_first, leave_rest));
  loop.run_until_done(scope.join());
  EXPECT_EQ(order, "abc");
}

TEST(SemaphoreTest, ACancelledWaiterTakesNoPlace) {
  Loop loop;
  Semaphore semaphore(loop.executor(), 1);
  TaskScope holder(loop.executor());
  TaskScope waiters(loop.executor());
  TaskScope last(loop.executor());
  std::string order;
  Event leave(loop.executor());
  holder.spawn(take_turn(semaphore, 'a', order, leave));
  loop.run_until_done(kit::let_others_run());
  waiters.spawn(take_turn(semaphore, 'b', order, leave));
  loop.run_until_done(kit::let_others_run());
  last.spawn(take_turn(semaphore, 'c', order, leave));
  loop.run_until_done(kit::let_others_run());
  waiters.cancel();
  loop.run_until_done(waiters.join());
  leave.set();
  loop.run_until_done(last.join());
  EXPECT_EQ(order, "ac");
  loop.run_until_done(holder.join());
}

TEST(SemaphoreTest, APlaceGrantedToATaskThatIsCancelledMeanwhilePassesOn) {
  Loop loop;
  Semaphore semaphore(loop.executor(), 1);
  TaskScope scope(loop.executor());
  TaskScope last(loop.executor());
  std::string order;
  Event never(loop.executor());
  Event leave(loop.executor());
  leave.set();
  loop.run_until_done([](Semaphore& of, TaskScope& cancelled, TaskScope& kept, std::string& out,
                         Event& no, Event& yes) -> awaitable<void> {
    {
      const auto slot = co_await of.acquire();
      cancelled.spawn(take_turn(of, 'b', out, no));
      co_await kit::let_others_run();
      kept.spawn(take_turn(of, 'c', out, yes));
      co_await kit::let_others_run();
    }
    cancelled.cancel();  // b has been granted the place, and has not run since
    co_await cancelled.join();
    co_await kept.join();
  }(semaphore, scope, last, order, never, leave));
  EXPECT_EQ(order, "bc");
}

TEST(SemaphoreTest, WhoDoesSomethingElseMeanwhileIsCalledWhenItsTurnComes) {
  Loop loop;
  Semaphore semaphore(loop.executor(), 1);
  std::string order;
  auto first = std::make_unique<Semaphore::Turn>(semaphore, [&order] { order += 'a'; });
  EXPECT_TRUE(first->has_come());
  auto second = std::make_unique<Semaphore::Turn>(semaphore, [&order] { order += 'b'; });
  auto third = std::make_unique<Semaphore::Turn>(semaphore, [&order] { order += 'c'; });
  EXPECT_FALSE(second->has_come());
  second.reset();  // leaves the line
  first.reset();
  EXPECT_TRUE(third->has_come());
  EXPECT_EQ(order, "c") << "whose turn came at once is not called";
  third.reset();
  EXPECT_EQ(semaphore.free(), 1);
}

}  // namespace
}  // namespace tocsin::net
