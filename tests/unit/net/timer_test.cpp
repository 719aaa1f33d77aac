// The seam of time: in real time, and in the virtual time that all other tests use.
#include "net/timer.h"

#include <stdexcept>
#include <string>

#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>

#include "kit/gate.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/pause.h"
#include "net/task_scope.h"
#include "net/worker.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(RealTime, ASleepLastsUntilItsTime) {
  Loop loop;
  const auto begin = std::chrono::steady_clock::now();
  loop.run_until_done(sleep_for(2ms));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2ms);
}

TEST(RealTime, ATimerCallsOnceAndNotWhenItIsCancelled) {
  Loop loop;
  int calls = 0;
  Timer kept(loop.executor());
  Timer moved(loop.executor());
  Timer cancelled(loop.executor());
  kept.call_at(MonotonicClock::now(), [&] { calls++; });
  moved.call_at(within(1h), [&] { ADD_FAILURE() << "was moved"; });
  moved.call_at(MonotonicClock::now(), [&] { calls++; });
  cancelled.call_at(within(1h), [&] { ADD_FAILURE() << "was cancelled"; });
  cancelled.cancel();
  loop.run();
  EXPECT_EQ(calls, 2);
}

class VirtualTimeTest : public testing::Test {
 protected:
  /// Writes its name when so much time has passed.
  awaitable<void> say(char name, std::chrono::milliseconds after) {
    co_await sleep_for(after);
    said += name;
  }

  kit::VirtualTime time;
  Loop loop;
  TaskScope scope{loop.executor()};
  std::string said;
};

TEST_F(VirtualTimeTest, APauseEndsAtItsTimeOrEarly) {
  Pause pause;
  const auto begun = MonotonicClock::now();
  const auto rest = [&](std::chrono::milliseconds time) -> awaitable<std::chrono::milliseconds> {
    const auto from = MonotonicClock::now();
    co_await pause.wait_until(from + time);
    co_return std::chrono::floor<std::chrono::milliseconds>(MonotonicClock::now() - from);
  };
  pause.end();  // nobody's
  EXPECT_EQ(loop.run_until_done(rest(1h)), 1h);
  scope.spawn([](Pause& of) -> awaitable<void> {
    co_await sleep_for(5s);
    of.end();
  }(pause));
  EXPECT_EQ(loop.run_until_done(rest(1h)), 5s);
  EXPECT_EQ(MonotonicClock::now() - begun, 1h + 5s);
}

TEST_F(VirtualTimeTest, APauseIsCancelledWithItsTask) {
  Pause pause;
  scope.spawn([](Pause& of, std::string& out) -> awaitable<void> {
    co_await of.wait_until(within(1h));
    out += "rested";
  }(pause, said));
  loop.run_until_done(sleep_for(1s));
  scope.cancel();
  loop.run_until_done(scope.join());
  pause.end();
  EXPECT_EQ(said, "");
}

TEST_F(VirtualTimeTest, SleepsTakeNoTimeAndKeepTheirOrder) {
  scope.spawn(say('c', 24h));
  scope.spawn(say('a', 1ms));
  scope.spawn(say('b', 1h));
  const auto begin = MonotonicClock::now();
  const auto civil = time.now();
  loop.run_until_done(scope.join());
  EXPECT_EQ(said, "abc");
  EXPECT_EQ(MonotonicClock::now() - begin, 24h);
  EXPECT_EQ(time.now() - civil, 24h);
}

TEST_F(VirtualTimeTest, NoTimePassesWhileThereIsSomethingToDo) {
  scope.spawn(say('b', 1ms));
  loop.run_until_done([&]() -> awaitable<void> {
    for (int i = 0; i < 10; i++) co_await kit::let_others_run();
    said += 'a';
    co_await scope.join();
  }());
  EXPECT_EQ(said, "ab");
}

TEST_F(VirtualTimeTest, PassEndsAfterAllThatIsDueByThen) {
  scope.spawn(say('a', 15min));
  scope.spawn(say('c', 15min + 1ms));
  loop.run_until_done(time.pass(10min));
  EXPECT_EQ(said, "");
  scope.spawn(say('b', 5min));
  loop.run_until_done(time.pass(5min));
  EXPECT_EQ(said, "ab");
  loop.run_until_done(scope.join());
}

TEST_F(VirtualTimeTest, SettleEndsWhenNothingCanBeDoneNow) {
  const auto now = time.now();
  scope.spawn([](kit::VirtualTime& passing, std::string& out) -> awaitable<void> {
    co_await kit::let_others_run();
    co_await sleep_for(0ms);
    co_await passing.settle();
    out += 'a';
  }(time, said));
  scope.spawn(say('b', 1ms));
  loop.run_until_done(time.settle());
  loop.run_until_done(time.settle());
  EXPECT_EQ(said, "a");
  EXPECT_EQ(time.now(), now);
  loop.run_until_done(scope.join());
}

TEST_F(VirtualTimeTest, DeadlinesComeAndEventsDoNotWaitForThem) {
  Event event(loop.executor());
  EXPECT_FALSE(loop.run_until_done(event.wait_until(within(1h))));
  const auto begin = MonotonicClock::now();
  loop.post([&] { event.set(); });
  EXPECT_TRUE(loop.run_until_done(event.wait_until(within(1h))));
  EXPECT_EQ(MonotonicClock::now(), begin);
}

TEST_F(VirtualTimeTest, ACancelledSleepThrowsAndNoTimePasses) {
  const auto begin = MonotonicClock::now();
  bool threw = false;
  scope.spawn([](bool& out) -> awaitable<void> {
    try {
      co_await sleep_for(1h);
    } catch (const boost::system::system_error&) {
      out = true;
    }
  }(threw));
  loop.run_until_done(kit::let_others_run());
  scope.cancel();
  loop.run_until_done(scope.join());
  EXPECT_TRUE(threw);
  EXPECT_EQ(MonotonicClock::now(), begin);
}

TEST_F(VirtualTimeTest, ATimerMayBeMovedCancelledAndDestroyed) {
  Timer moved(loop.executor());
  moved.call_at(within(1s), [&] { said += 'x'; });
  moved.call_at(within(2s), [&] { said += 'a'; });
  Timer cancelled(loop.executor());
  cancelled.call_at(within(1s), [&] { said += 'x'; });
  cancelled.cancel();
  Timer(loop.executor()).call_at(within(1s), [&] { said += 'x'; });
  loop.run();
  EXPECT_EQ(said, "a");
}

TEST_F(VirtualTimeTest, WorkOnAnotherThreadHoldsTheTime) {
  Worker worker("slow", 1);
  scope.spawn(say('b', 1ms));
  loop.run_until_done(
      [&]() -> awaitable<void> { said += co_await worker.run([] { return 'a'; }); }());
  loop.run_until_done(scope.join());
  EXPECT_EQ(said, "ab");
}

TEST_F(VirtualTimeTest, ACallThatHangsComesToItsDeadlineWhenTimeIsSkipped) {
  const auto release = std::make_shared<kit::Gate>();
  Worker worker("hangs", 1);
  std::optional<int> answer = 0;
  scope.spawn([](Worker& on, std::shared_ptr<kit::Gate> gate,
                 std::optional<int>& out) -> awaitable<void> {
    out = co_await on.run_until([gate = std::move(gate)] { return gate->wait(), 1; }, within(5s));
  }(worker, release, answer));
  loop.run_until_done(kit::let_others_run());
  time.skip(5s);
  loop.run_until_done(scope.join());
  EXPECT_EQ(answer, std::nullopt);
  release->open();
}

TEST_F(VirtualTimeTest, WaitingInVainIsAnError) {
  scope.spawn([]() -> awaitable<void> {
    for (;;) co_await sleep_for(24h);
  }());
  EXPECT_THROW(loop.run_until_done(kit::wait_for_ever()), std::runtime_error);
}

}  // namespace
}  // namespace tocsin::net
