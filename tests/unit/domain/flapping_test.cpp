// Services that change too often.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/domain/monitored_host_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(MonitoredHostTest, FlappingIsTwoAlerts) {
  watch({{.pattern = "A", .policy = {.flapping = {.start = 4, .stop = 1, .window = 10min}}}});
  runs({"A"});
  for (int i = 0; i < 25; i++) {
    stops({"A"}, 20s);
    runs({"A"}, 20s);
  }
  EXPECT_THAT(notified(), ElementsAre("stopped A", "started A", "stopped A", "flapping A"));
  EXPECT_EQ(suppressed().size(), 47);
  pass(9min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
  EXPECT_EQ(last().to, running);
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
}

constexpr Policy kFlapsSoon{.flapping = {.start = 4, .stop = 1, .window = 10min}};

TEST_F(MonitoredHostTest, AFlappingServiceThatStaysBadIsNotifiedOnce) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  EXPECT_THAT(notified(), ElementsAre("stopped A", "started A", "stopped A", "flapping A"));
  EXPECT_FALSE(is_resolved(last()));
  EXPECT_EQ(last().to, running) << "the true state";
  is("A", stopped, 0, 1067);
  check(20s);
  EXPECT_EQ(monitored_->next_review(now_), now_ + 1min);
  pass(1min - 1s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().from, running);
  EXPECT_EQ(last().reason, "exit code 1067, it flaps, for 1 min by now");
  runs({"A"}, 20s);
  EXPECT_THAT(notified(), IsEmpty()) << "it goes on flapping";
  stops({"A"}, 20s);
  pass(2min);
  EXPECT_THAT(notified(), IsEmpty()) << "not a second time";
  runs({"A"}, 20s);
  pass(10min - 140s - 1s);
  EXPECT_THAT(notified(), IsEmpty()) << "good last words wait";
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
  EXPECT_EQ(last().to, running);
  EXPECT_TRUE(is_resolved(last()));
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_F(MonitoredHostTest, AFlappingServiceThatEndsBadStaysStopped) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  stops({"A"}, 20s);
  notified();
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  pass(20min);
  EXPECT_THAT(notified(), IsEmpty()) << "it has been told already";
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
}

TEST_F(MonitoredHostTest, AServiceThatHasSettledInABadStateIsStopped) {
  auto policy = kFlapsSoon;
  policy.flapping.bad_for = 1h;
  watch({{.pattern = "A", .policy = policy}});
  flap("A");
  stops({"A"}, 20s);
  notified();
  pass(10min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reason, "it has settled");
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
}

TEST_F(MonitoredHostTest, AFlappingServiceThatHangsIsNotified) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  notified();
  is("A", stop_pending);
  check(20s);
  check(31s);
  EXPECT_THAT(notified(), IsEmpty());
  check(30s);
  EXPECT_THAT(notified(), ElementsAre("stuck A"));
}

TEST_F(MonitoredHostTest, TheEndOfFlappingPassesASilence) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  notified();
  silence_ = Suppression{"silenced", now_ + 1h};
  pass(10min);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
}

TEST_F(MonitoredHostTest, WhatIsBadInASilenceIsNotifiedAsStoppedAtItsEnd) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  notified();
  silence_ = Suppression{"silenced", now_ + 1h};
  stops({"A"}, 20s);
  pass(30min);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->next_review(now_), silence_->until);
  silence_.reset();
  pass(30min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_F(MonitoredHostTest, AJobThatEndsAsItShouldDoesNotFlap) {
  auto policy = kFlapsSoon;
  policy.quiet_exit_codes = {0};
  watch({{.pattern = "A", .policy = policy}});
  runs({"A"});
  for (int i = 0; i < 6; i++) {
    stops({"A"}, 20s);
    runs({"A"}, 20s);
  }
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, WhatFlapsAndComesToRestWhereItMayEnds) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  notified();
  auto policy = kFlapsSoon;
  policy.quiet_exit_codes = {0};
  monitored_->set_rules(
      {.services = Watchlist({{.pattern = "A", .policy = policy}}), .policy = {}});
  stops({"A"}, 20s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(11min);
  EXPECT_THAT(notified(), ElementsAre("unmonitored A"));
}

TEST_F(MonitoredHostTest, AServiceIsNotForgottenWhileItFlaps) {
  watch({{.pattern = "A*", .policy = kFlapsSoon}});
  flap("A1");
  notified();
  is("A1", missing);
  check(20s);
  EXPECT_EQ(monitored_->services().size(), 1);
  check(1min);
  EXPECT_THAT(notified(), ElementsAre("vanished A1"));
}

TEST_F(MonitoredHostTest, FlappingIsRepeatedWhileItLasts) {
  auto policy = kFlapsSoon;
  policy.repeat_every = 5min;
  watch({{.pattern = "A", .policy = policy}});
  flap("A");
  notified();
  pass(5min);
  EXPECT_THAT(notified(), ElementsAre("flapping A"));
  EXPECT_EQ(last().reminder, 1);
  pass(5min);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
  pass(5min);
  EXPECT_THAT(notified(), IsEmpty());
}

}  // namespace
}  // namespace tocsin
