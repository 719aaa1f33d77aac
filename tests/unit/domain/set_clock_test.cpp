// Waits while somebody sets the wall clock by an hour.
#include <chrono>
#include <string>
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

constexpr Policy kGraceOfAMinute{.grace = {.checks = 1, .time = 1min}};
constexpr Policy kFlapsAtFour{
    .flapping = {.start = 4, .stop = 1, .window = 10min, .bad_for = 1min}};

class SetClock : public MonitoredHostTest, public testing::WithParamInterface<Duration> {
 protected:
  void set_clock() { MonitoredHostTest::set_clock(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(ByAnHour, SetClock, testing::Values(1h, -1h), [](const auto& by) {
  return std::string(by.param > Duration(0) ? "Forward" : "Back");
});

TEST_P(SetClock, LeavesTheGraceOfAService) {
  watch({{.pattern = "A", .policy = kGraceOfAMinute}});
  runs({"A"});
  stops({"A"});
  set_clock();
  EXPECT_EQ(monitored_->next_review(at()), now_) << "pass() is to learn of it";
  pass(50s);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->next_review(at()), now_ + 10s);
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reason, "for 1 min by now");
}

TEST_P(SetClock, LeavesTheGraceOfAHost) {
  watch({{.pattern = "A"}}, kHostGrace);
  runs({"A"});
  no_answer();
  set_clock();
  no_answer(20s);
  EXPECT_THAT(notified(), IsEmpty());
  no_answer(10s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
}

TEST_P(SetClock, LeavesTheGraceAfterABoot) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}});
  runs({"A", "B", "C"});
  no_answer();
  for (const auto* name : {"B", "C"}) is(name, running);
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host"));
  set_clock();
  pass(2min + 50s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_P(SetClock, LeavesTheTimeThatAPendingServiceHas) {
  watch({{.pattern = "A"}});
  runs({"A"});
  is("A", stop_pending);
  check();
  set_clock();
  check(30s);
  EXPECT_THAT(notified(), IsEmpty());
  check(1s);
  EXPECT_THAT(notified(), ElementsAre("stuck A"));
  EXPECT_EQ(last().reason, "no progress for 31 s");
}

TEST_P(SetClock, LeavesTheChangesThatCountAsFlapping) {
  watch({{.pattern = "A", .policy = kFlapsAtFour}});
  runs({"A"});
  stops({"A"});
  runs({"A"});
  stops({"A"});
  (void)notified();
  set_clock();
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("flapping A"));
  set_clock();
  pass(9min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
}

TEST_P(SetClock, LeavesHowLongAFlappingServiceIsBad) {
  watch({{.pattern = "A", .policy = kFlapsAtFour}});
  flap("A");
  stops({"A"});
  (void)notified();
  set_clock();
  pass(50s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_P(SetClock, LeavesTheRemindersOfAService) {
  watch({{.pattern = "A", .policy = {.repeat_every = 30min}}});
  runs({"A"});
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  set_clock();
  pass(29min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reason, "still so after 30 min");
}

TEST_P(SetClock, LeavesTheRemindersOfAHost) {
  watch({{.pattern = "A"}}, {.repeat_every = 30min});
  runs({"A"});
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  set_clock();
  pass(29min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  EXPECT_EQ(last().reason, "no answer within 5 s, still so after 30 min");
}

TEST_P(SetClock, LeavesForHowLongAHostWasAway) {
  watch({{.pattern = "A"}});
  runs({"A"});
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  set_clock();
  pass(4min);
  check(1min);
  EXPECT_THAT(notified(), ElementsAre("reachable host"));
  EXPECT_THAT(last().reason, testing::HasSubstr("it was away for 5 min"));
  EXPECT_EQ(last().at - last().previous_since, 5min);
}

TEST_P(SetClock, LeavesAStorm) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  set_clock();
  pass(20s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

TEST_P(SetClock, LeavesTheTimeThatAHostHasToShutDown) {
  watch({{.pattern = "A"}});
  runs({"A"});
  says_shutdown();
  set_clock();
  pass(9min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
}

TEST_P(SetClock, IsNoBootOfAHost) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  const auto check_by_uptime = [this] {
    const Time booted_at = at().wall - 24h;  // as a host of Windows' own API tells
    (void)monitored_->apply(
        {HostName("node1"),
         at(),
         std::vector<ObservedService>{{ServiceName("A"), {.state = running}, {}}},
         {.booted_at = booted_at}});
  };
  check_by_uptime();
  set_clock();
  check_by_uptime();
  EXPECT_EQ(monitored_->host().booted_at, Time{});
}

/// By that an acknowledgement knows its alert.
TEST_P(SetClock, LeavesSinceWhenAnAlertFires) {
  watch({{.pattern = "A"}});
  runs({"A"});
  stops({"A"});
  const auto service = monitored_->firing_since(ServiceName("A"));
  ASSERT_TRUE(service);
  set_clock();
  pass(1min);
  EXPECT_EQ(monitored_->firing_since(ServiceName("A")), service);
  no_answer();
  const auto host = monitored_->firing_since({});
  ASSERT_TRUE(host);
  set_clock();
  pass(1min);
  EXPECT_EQ(monitored_->firing_since({}), host);
}

using SetClockAndRestart = MonitoredHostTest;

TEST_F(SetClockAndRestart, NoStoredGraceLastsLonger) {
  watch({{.pattern = "A", .policy = kGraceOfAMinute}});
  runs({"A"});
  stops({"A"});
  set_clock(-1h);
  restart();
  check();
  pass(50s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_F(SetClockAndRestart, NoStoredReminderComesLater) {
  watch({{.pattern = "A", .policy = {.repeat_every = 30min}}});
  runs({"A"});
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  set_clock(-24h);
  restart();
  check();
  pass(30min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reminder, 1);
}

TEST_F(SetClockAndRestart, NoStormComesBack) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}}, kStorm);
  runs({"A", "B", "C"});
  stops({"A", "B", "C"});
  set_clock(-1h);
  restart();
  check();
  pass(30s);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
  runs({"A", "B", "C"}, 1h - 30s);
  (void)notified();
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A")) << "the storm is long over";
}

}  // namespace
}  // namespace tocsin
