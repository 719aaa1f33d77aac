#include "net/loop.h"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "kit/turns.h"
#include "net/event.h"

namespace tocsin::net {
namespace {

awaitable<int> answer(int number) {
  co_await kit::let_others_run();
  co_return number;
}

awaitable<void> throw_logic_error() {
  co_await kit::let_others_run();
  throw std::logic_error("broken");
}

TEST(LoopTest, AnswersWhatMainAnswersEachTimeItIsDriven) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(answer(1)), 1);
  EXPECT_EQ(loop.run_until_done(answer(2)), 2);
}

TEST(LoopTest, ThrowsWhatMainThrows) {
  Loop loop;
  EXPECT_THROW(loop.run_until_done(throw_logic_error()), std::logic_error);
}

TEST(LoopTest, RunsPostedWorkOfOtherThreadsAndPassesItsExceptionsOn) {
  Loop loop;
  std::thread::id ran_on;
  std::thread([&] {
    loop.post([&] { ran_on = std::this_thread::get_id(); });
    loop.post([] { throw std::logic_error("broken"); });
  }).join();
  EXPECT_THROW(loop.run(), std::logic_error);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(LoopTest, StopEndsItAlthoughWorkIsLeft) {
  Loop loop;
  std::thread stopper([&] { loop.stop(); });
  EXPECT_THROW(loop.run_until_done(kit::wait_for_ever()), std::runtime_error);
  stopper.join();
}

TEST(EventTest, WakesAllWhoWaitAndNobodyWaitsAfterwards) {
  Loop loop;
  Event event(loop.executor());
  int woken = 0;
  loop.post([&] { event.set(); });
  loop.run_until_done([](Event& of, int& count) -> awaitable<void> {
    co_await of.wait();
    co_await of.wait();
    count++;
  }(event, woken));
  EXPECT_EQ(woken, 1);
  event.reset();
  EXPECT_FALSE(event.is_set());
}

}  // namespace
}  // namespace tocsin::net
