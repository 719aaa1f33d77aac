#include "net/worker.h"

#include <array>
#include <latch>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "net/task_scope.h"
#include "turns.h"

namespace tocsin::net {
namespace {

std::string current_thread_name() {
  std::array<char, 32> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return name.data();
}

TEST(WorkerTest, RunsOnItsNamedThreadAndAnswersOnTheLoop) {
  Loop loop;
  Worker worker("a name longer than the system shows", 1);
  const auto name = loop.run_until_done([](Worker& on) -> awaitable<std::string> {
    const auto before = std::this_thread::get_id();
    auto answer = co_await on.run([] { return current_thread_name(); });
    EXPECT_EQ(std::this_thread::get_id(), before);
    co_return answer;
  }(worker));
  EXPECT_EQ(name, "a name longer t");
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
  std::latch begun(1);
  std::latch go_on(1);
  int got = 0;
  bool next_wait_threw = false;
  scope.spawn([](Worker& on, std::latch& started, std::latch& gate, int& out,
                 bool& threw) -> awaitable<void> {
    out = co_await on.run([&] {
      started.count_down();
      gate.wait();
      return 7;
    });
    try {
      co_await let_others_run();
    } catch (const boost::system::system_error&) {
      threw = true;
    }
  }(worker, begun, go_on, got, next_wait_threw));
  loop.run_until_done(let_others_run());
  begun.wait();
  scope.cancel();
  loop.run_until_done(let_others_run());
  EXPECT_EQ(scope.size(), 1);
  go_on.count_down();
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
    loop.run_until_done(let_others_run());
  }
  EXPECT_EQ(done, 10);
  loop.run_until_done(scope.join());
}

}  // namespace
}  // namespace tocsin::net
