#include "net/worker.h"

#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>

#include "kit/gate.h"
#include "kit/turns.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

TEST(WorkerTest, RunsElsewhereAndAnswersOnTheLoop) {
  Loop loop;
  Worker worker("elsewhere", 1);
  const auto place = loop.run_until_done([](Worker& on) -> awaitable<std::thread::id> {
    const auto before = std::this_thread::get_id();
    const auto answer = co_await on.run([] { return std::this_thread::get_id(); });
    EXPECT_EQ(std::this_thread::get_id(), before);
    co_return answer;
  }(worker));
  EXPECT_NE(place, std::this_thread::get_id());
}

TEST(WorkerTest, OneThreadKeepsTheOrderOfCalls) {
  Loop loop;
  Worker worker("order", 1);
  TaskScope scope(loop.executor());
  std::vector<int> order;
  for (int i = 0; i < 100; i++) {
    scope.spawn([](Worker& on, std::vector<int>& out, int number) -> awaitable<void> {
      co_await on.run([&] {
        out.push_back(number);
        return 0;
      });
    }(worker, order, i));
  }
  loop.run_until_done(scope.join());
  ASSERT_EQ(order.size(), 100);
  for (std::size_t i = 0; i < order.size(); i++) EXPECT_EQ(order[i], static_cast<int>(i));
}

TEST(WorkerTest, ThrowsToTheCallerWhatTheWorkThrows) {
  Loop loop;
  Worker worker("throws", 1);
  EXPECT_THROW(loop.run_until_done([](Worker& on) -> awaitable<void> {
    co_await on.run([]() -> int { throw std::logic_error("broken"); });
  }(worker)),
               std::logic_error);
}

TEST(WorkerTest, CancellationWaitsForTheWorkThatHasBegun) {
  Loop loop;
  Worker worker("cancel", 1);
  TaskScope scope(loop.executor());
  kit::Gate begun;
  kit::Gate go_on;
  int got = 0;
  bool next_wait_threw = false;
  scope.spawn([](Worker& on, kit::Gate& started, kit::Gate& gate, int& out,
                 bool& threw) -> awaitable<void> {
    out = co_await on.run([&] {
      started.open();
      gate.wait();
      return 7;
    });
    try {
      co_await kit::let_others_run();
    } catch (const boost::system::system_error&) {
      threw = true;
    }
  }(worker, begun, go_on, got, next_wait_threw));
  loop.run_until_done(kit::let_others_run());
  begun.wait();
  scope.cancel();
  loop.run_until_done(kit::let_others_run());
  EXPECT_EQ(scope.size(), 1);
  go_on.open();
  loop.run_until_done(scope.join());
  EXPECT_EQ(got, 7);
  EXPECT_TRUE(next_wait_threw);
}

TEST(WorkerTest, FinishesWhatIsQueuedBeforeItIsDestroyed) {
  Loop loop;
  TaskScope scope(loop.executor());
  int done = 0;
  {
    Worker worker("destroyed", 1);
    for (int i = 0; i < 10; i++) {
      scope.spawn([](Worker& on, int& out) -> awaitable<void> {
        co_await on.run([&] { return ++out; });
      }(worker, done));
    }
    loop.run_until_done(kit::let_others_run());
  }
  EXPECT_EQ(done, 10);
  loop.run_until_done(scope.join());
}

/// A call that hangs until the test lets it go, and says when it has ended.
struct Hang {
  kit::Gate begun;
  kit::Gate release;
  kit::Gate ended;
};

std::function<int()> hang_on(std::shared_ptr<Hang> hang) {
  return [hang = std::move(hang)] {
    hang->begun.open();
    hang->release.wait();
    hang->ended.open();
    return 1;
  };
}

TEST(WorkerTest, AnswersWhatEndsByTheDeadline) {
  Loop loop;
  Worker worker("prompt", 1);
  EXPECT_EQ(loop.run_until_done(worker.run_until([] { return 7; }, within(std::chrono::hours(1)))),
            7);
  EXPECT_THROW(loop.run_until_done(worker.run_until([]() -> int { throw std::runtime_error("x"); },
                                                    within(std::chrono::hours(1)))),
               std::runtime_error);
}

/// Begins the call, and gives it up once it has begun.
void begin_and_give_up(Loop& loop, Worker& worker, const std::shared_ptr<Hang>& hang) {
  TaskScope scope(loop.executor());
  scope.spawn([](Worker& on, std::shared_ptr<Hang> with) -> awaitable<void> {
    co_await on.run_until(hang_on(std::move(with)), Deadline::max());
    ADD_FAILURE() << "was not given up";
  }(worker, hang));
  loop.run_until_done([](TaskScope& tasks, Hang& with) -> awaitable<void> {
    co_await kit::let_others_run();
    with.begun.wait();
    tasks.cancel();
    co_await tasks.join();
  }(scope, *hang));
}

TEST(WorkerTest, ACallThatHangsCostsItsOwnThreadOnly) {
  const auto hang = std::make_shared<Hang>();
  {
    Loop loop;
    Worker worker("stuck", 2);
    begin_and_give_up(loop, worker, hang);
    EXPECT_EQ(worker.stuck(), 1U);
    EXPECT_EQ(loop.run_until_done(worker.run_until([] { return 2; }, Deadline::max())), 2);
    const auto second = std::make_shared<Hang>();
    begin_and_give_up(loop, worker, second);
    EXPECT_EQ(worker.stuck(), 2U);
    second->release.open();
    EXPECT_EQ(loop.run_until_done(worker.run_until([] { return 3; }, Deadline::max())), 3);
    EXPECT_EQ(worker.stuck(), 1U);
  }
  hang->release.open();  // its loop and its worker are gone
  hang->ended.wait();
}

TEST(WorkerTest, WhatHasNotBegunByItsDeadlineNeverDoes) {
  const auto hang = std::make_shared<Hang>();
  Loop loop;
  Worker worker("busy", 1);
  begin_and_give_up(loop, worker, hang);
  bool ran = false;
  const auto now = MonotonicClock::now();
  EXPECT_EQ(loop.run_until_done(worker.run_until([&ran] { return ran = true; }, now)),
            std::nullopt);
  hang->release.open();
  EXPECT_EQ(loop.run_until_done(worker.run_until([] { return 3; }, Deadline::max())), 3);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace tocsin::net
