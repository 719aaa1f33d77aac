// Many services of a host that stop at once.
#include <algorithm>
#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/domain/monitored_host_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(MonitoredHostTest, ManyStopsAtOnceAreNotifiedAtOnce) {
  watch({{.pattern = "*"}});
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

TEST_F(MonitoredHostTest, ServicesThatHangWhileTheyStopAreNotified) {
  watch({{.pattern = "*", .policy = {.pending_limit = 20s}}}, kStorm);
  runs({"A", "B", "C"});
  for (const auto* name : {"A", "B", "C"}) is(name, stop_pending);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  check(25s);
  EXPECT_THAT(notified(), IsEmpty()) << "the host may still go";
  check(10s);
  EXPECT_THAT(notified(), ElementsAre("stuck A", "stuck B", "stuck C"));
}

TEST_F(MonitoredHostTest, StopsInOneCheckAfterTheOtherAreNoStorm) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C", "D"});
  for (const auto* name : {"A", "B", "C"}) {
    is(name, stopped);
    check(1s);
  }
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

TEST_F(MonitoredHostTest, AStormIsNotRenewedAndNoneFollowsItAtOnce) {
  const std::vector<const char*> names{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"};
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : names) is(name, running);
  check();
  const auto stop = [&](std::size_t from) {
    for (std::size_t i = from; i < from + 3; i++) is(names[i], stopped);
  };
  stop(0);
  check();
  stop(3);
  check(20s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(10s);
  EXPECT_EQ(notified().size(), 6) << "30 s after it began";
  stop(6);
  check(20s);
  EXPECT_THAT(notified(), ElementsAre("stopped G", "stopped H", "stopped I"));
  stop(9);
  check(10s);
  EXPECT_THAT(notified(), IsEmpty()) << "by now it is another one";
  pass(30s);
  EXPECT_THAT(notified(), ElementsAre("stopped J", "stopped K", "stopped L"));
}

TEST_F(MonitoredHostTest, WhatIsOverWhenAStormEndsIsNotifiedAsOneStart) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  runs({"A"}, 12s);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(last().suppressed, "many services of its host stopped at once");
  EXPECT_EQ(monitored_->next_review(now_), now_ + 18s);
  pass(18s);
  EXPECT_THAT(notified(), ElementsAre("started A", "stopped B", "stopped C"));
  const auto started = std::ranges::find(all_, TransitionKind::started, [](const Alert& alert) {
    return alert.suppressed.empty() ? alert.kind : TransitionKind::other;
  });
  EXPECT_EQ(started->from, stopped);
  EXPECT_EQ(started->to, running);
  EXPECT_EQ(started->reason, "was stopped for 12 s");
  EXPECT_TRUE(started->over_already);
  EXPECT_FALSE(last().over_already);
  pass(1h);
  EXPECT_THAT(notified(), IsEmpty());
  runs({"B"});
  EXPECT_THAT(notified(), ElementsAre("started B"));
  EXPECT_FALSE(last().over_already);
}

TEST_F(MonitoredHostTest, WhatStopsAgainInAStormIsNotifiedAsStopped) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  for (const auto state : {running, stopped}) {
    for (const auto* name : {"A", "B", "C"}) is(name, state);
    check(5s);
  }
  pass(20s);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

TEST_F(MonitoredHostTest, WhatIsOverInTheCheckThatFollowsAStormIsNotifiedThen) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  restart();
  check(35s);
  EXPECT_THAT(notified(), ElementsAre("started A", "started B", "started C"));
  EXPECT_EQ(last().reason, "was stopped for 35 s");
  EXPECT_TRUE(last().over_already);
}

TEST_F(MonitoredHostTest, WhatAlsoAGraceOrASilenceSuppressedStaysUntold) {
  watch({{.pattern = "A*", .policy = {.grace = {.time = 20s}}}, {.pattern = "*"}}, kStorm);
  runs({"A1", "A2", "B", "C"});
  stops({"A1", "A2", "B", "C"});
  runs({"A1", "B"}, 12s);
  runs({"A2"}, 13s);
  pass(5s);
  EXPECT_THAT(notified(), ElementsAre("started A2", "started B", "stopped C"));
  runs({"C"}, 1h);
  notified();
  stops({"A1", "A2", "B", "C"});
  runs({"B"});
  silence_ = Suppression{"silenced", now_ + 1h};
  pass(30min);
  silence_.reset();
  pass(30min);
  EXPECT_THAT(notified(), ElementsAre("stopped A1", "stopped A2", "stopped C"));
}

TEST_F(MonitoredHostTest, TheHostOfAStormThatGoesIsTheOnlyAlert) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  runs({"A"}, 5s);
  no_answer(5s);
  runs({"A", "B", "C"}, 1min);
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host"));
}

TEST_F(MonitoredHostTest, PushedChangesWithinHalfASecondCountAsOneCheck) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C", "D", "E", "F"});
  push("A", stop_pending, 10s);
  push("A", stopped, 200ms);
  push("B", stopped, 499ms);
  pass(1ms);
  EXPECT_THAT(notified(), ElementsAre("stopped A")) << "it fell too long ago to be one of three";
  EXPECT_TRUE(last().pushed) << "others may still follow";
  push("C", stopped, 250ms);
  EXPECT_THAT(suppressed(), ElementsAre("stopped A: others of its host may stop at once",
                                        "stopped B: others of its host may stop at once",
                                        "stopped C: others of its host may stop at once"));
  push("D", stopped, 200ms);
  EXPECT_THAT(suppressed(), ElementsAre("stopped D: many services of its host stopped at once"));
  pass(30s - 1ms);
  EXPECT_THAT(notified(), IsEmpty()) << "B, C and D wait as one storm";
  push("D", running, 0s);
  pass(1ms);
  EXPECT_THAT(notified(), ElementsAre("stopped B", "stopped C", "started D"));
  EXPECT_EQ(last().reason, "was stopped for 29 s");
}

TEST_F(MonitoredHostTest, APushedStopThatIsNoStormWaitsForHalfASecond) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C"});
  push("A", stopped, 10s);
  push("B", stopped, 100ms);
  push("B", running, 100ms);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->next_review(now_), now_ + 300ms);
  pass(300ms);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reason, "") << "no time worth saying";
  pass(100ms);
  EXPECT_THAT(notified(), ElementsAre("started B"));
  EXPECT_EQ(last().reason, "was stopped for less than 1 s");
}

TEST_F(MonitoredHostTest, APushedStopWaitsForNothingByDefault) {
  watch({{.pattern = "*"}});
  runs({"A", "B", "C"});
  for (const auto* name : {"A", "B", "C"}) push(name, stopped, 1ms);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

}  // namespace
}  // namespace tocsin
