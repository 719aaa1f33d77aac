#include "net/loop.h"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "net/event.h"
#include "turns.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;

awaitable<int> answer(int number) {
  co_await let_others_run();
  co_return number;
}

awaitable<void> throw_logic_error() {
  co_await let_others_run();
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
  EXPECT_THROW(loop.run_until_done(sleep_for(1h)), std::runtime_error);
  stopper.join();
}

TEST(LoopTest, SleepsUntilTheTime) {
  Loop loop;
  const auto start = std::chrono::steady_clock::now();
  loop.run_until_done(sleep_until(start + 20ms));
  EXPECT_GE(std::chrono::steady_clock::now(), start + 20ms);
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
