// Hosts that are not reached, restart or shut down.
#include <chrono>
#include <span>
#include <string>
#include <utility>
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

TEST_F(MonitoredHostTest, ARefusedLoginIsNoAlertOfItsHost) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  for (int i = 0; i < 20; i++) refuses_login(30s);
  EXPECT_EQ(monitored_->services().find(ServiceName("A"))->tracked.seen.state, unknown);
  EXPECT_EQ(monitored_->host().error, "the account is locked out");
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A")) << "what changed meanwhile";
  EXPECT_THAT(suppressed(), IsEmpty());
}

TEST_F(MonitoredHostTest, AHostThatIsLostAfterARefusedLoginIsNotifiedAfterItsGrace) {
  watch({{.pattern = "A"}}, kHostGrace);
  is("A", running, 7);
  check();
  refuses_login(10min);
  no_answer();
  EXPECT_THAT(notified(), IsEmpty());
  no_answer(30s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  refuses_login();
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host")) << "its end is notified all the same";
}

TEST_F(MonitoredHostTest, AHostThatWasLostAndThenRefusesTheLoginIsRepeated) {
  watch({{.pattern = "A"}}, {.repeat_every = 1h});
  is("A", running, 7);
  check();
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  refuses_login();
  EXPECT_EQ(monitored_->next_review(now_), now_ - 10s + 1h);
  refuses_login(1h);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  EXPECT_EQ(last().reminder, 1);
  EXPECT_EQ(last().reason, "the account is locked out, still so after 1 h");
}

TEST_F(MonitoredHostTest, ARebootOfAHostWithTwentyServicesIsOneAlertAndItsEnd) {
  std::vector<WatchedService> services;
  std::vector<std::string> names;
  names.reserve(20);
  for (int i = 0; i < 20; i++) names.push_back("Service" + std::to_string(10 + i));
  services.reserve(names.size());
  for (const auto& name : names) services.push_back({.pattern = name});
  watch(std::move(services));
  for (const auto& name : names) is(name.c_str(), running);
  check();
  for (int i = 0; i < 6; i++) no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  for (const auto& name : names) is(name.c_str(), stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host"));
  for (const auto& name : names) is(name.c_str(), running);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  pass(10min);
  EXPECT_THAT(notified(), IsEmpty()) << "all runs as before";
}

TEST_F(MonitoredHostTest, WhatDoesNotComeBackAfterARebootIsNotifiedWhenItsGraceHasEnded) {
  watch({{.pattern = "Fast"}, {.pattern = "Late"}, {.pattern = "Lost"}});
  for (const auto* name : {"Fast", "Late", "Lost"}) is(name, running);
  has("Late", {.start_mode = StartMode::automatic_delayed});
  check();
  for (int i = 0; i < 6; i++) no_answer();
  stops({"Fast", "Late", "Lost"});
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host"));
  EXPECT_EQ(suppressed().size(), 3) << "the services";
  runs({"Fast"});
  EXPECT_EQ(monitored_->next_review(now_), now_ - 10s + 3min);
  pass(3min - 11s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("stopped Lost"));
  EXPECT_TRUE(last().across_hosts) << "other hosts may have started too";
  EXPECT_EQ(last().reason, "for 3 min by now");
  check(3min);
  EXPECT_THAT(notified(), ElementsAre("stopped Late"));
}

TEST_F(MonitoredHostTest, ARebootBetweenTwoChecksIsOneAlert) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}, {.pattern = "D"}});
  runs({"A", "B", "C", "D"});
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  is("D", start_pending);
  check();
  EXPECT_THAT(notified(), ElementsAre("rebooted host"));
  EXPECT_EQ(last().kind, TransitionKind::restarted);
  EXPECT_THAT(suppressed(), ElementsAre("restarted A: its host has just started",
                                        "restarted B: its host has just started",
                                        "restarted C: its host has just started"));
}

TEST_F(MonitoredHostTest, ServicesOfOneProcessAreNoHost) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}});
  for (const auto* name : {"A", "B", "C"}) is(name, running, 7);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, running, 8);
  check();
  EXPECT_THAT(notified(), ElementsAre("restarted A", "restarted B", "restarted C"));
}

TEST_F(MonitoredHostTest, ManyStopsAtOnceWaitForTheHostToGo) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "C"}, {.pattern = "D"}}, kStorm);
  runs({"A", "B", "C", "D"});
  stops({"A", "B", "C"});
  EXPECT_THAT(notified(), IsEmpty());
  pass(30s - 1s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C")) << "it has not gone";
}

TEST_F(MonitoredHostTest, AHostThatIsBackAfterANetworkOutageWasNotRebooted) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  is("A", running, 7);
  is("B", running, 8);
  check();
  for (int i = 0; i < 6; i++) no_answer();
  stops({"B"});
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host", "stopped B"));
}

TEST_F(MonitoredHostTest, AHostThatIsNotReachedIsNotifiedAtOnce) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host"));
  EXPECT_THAT(suppressed(), IsEmpty());
}

TEST_F(MonitoredHostTest, AHostThatSaysThatItShutsDownIsNotifiedWhenItIsGone) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  says_shutdown();
  says_shutdown(5min);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("unreachable host: it says that it is shutting down"));
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  is("A", running, 8);
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host"));
}

TEST_F(MonitoredHostTest, AHostThatShutsDownForTenMinutesIsNotifiedAndItsServicesWait) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  says_shutdown();
  const auto begun = now_;
  restart();
  EXPECT_EQ(monitored_->next_review(now_), begun + 10min);
  push("A", stopped, 1s);
  EXPECT_THAT(notified(), IsEmpty());
  says_shutdown(10min - 2s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
  says_shutdown();
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, AHostThatIsSpokenToAgainMayShutDownAgain) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  says_shutdown();
  check(9min);
  says_shutdown();
  pass(9min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
}

TEST_F(MonitoredHostTest, TheGraceOfAHostEndsWithoutACheck) {
  watch({{.pattern = "A"}}, {.grace = {.time = 30s}, .repeat_every = 1h});
  is("A", running, 7);
  check();
  no_answer();
  EXPECT_EQ(monitored_->next_review(now_), now_ + 30s);
  silence_ = Suppression{"silenced", now_ + 10min};
  EXPECT_EQ(monitored_->next_review(now_), now_ + 10min);
  pass(10min - 1s);
  EXPECT_THAT(notified(), IsEmpty());
  silence_.reset();
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  EXPECT_TRUE(last().across_hosts);
  EXPECT_EQ(monitored_->next_review(now_), now_ + 1h);
  pass(1h);
  EXPECT_EQ(last().reminder, 1);
}

TEST_F(MonitoredHostTest, WhatRunsWhenItsHostIsBackIsNotifiedWithIt) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}, {.pattern = "*"}});
  is("D", running, 10);
  is("A", running, 7);
  is("B", running, 8);
  is("C", running, 9);
  check();
  stops({"A", "B"});
  EXPECT_FALSE(last().across_hosts);
  no_answer();
  no_answer(5h);
  pass(5h);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "unreachable host"))
      << "open alerts stay open without reminders";
  is("A", running, 7);
  stops({"C"});
  EXPECT_THAT(notified(), ElementsAre("reachable host", "started A", "stopped C"));
  const auto newest = std::span(all_).last(3);
  EXPECT_TRUE(newest[0].across_hosts);
  EXPECT_TRUE(newest[1].across_hosts);
  EXPECT_FALSE(newest[2].across_hosts) << "the news of an outage";
}

TEST_F(MonitoredHostTest, AnOutageShorterThanTheGraceIsHistoryOnly) {
  watch({{.pattern = "A"}}, kHostGrace);
  is("A", running, 7);
  check();
  no_answer();
  no_answer();
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("unreachable host: not yet tried 2 times",
                                        "reachable host: nobody was notified that it was away"));
}

TEST_F(MonitoredHostTest, AnOutageGoesOnWhenTocsinStartsAgain) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  for (int i = 0; i < 6; i++) no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
  restart();
  no_answer();
  EXPECT_THAT(notified(), IsEmpty());
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host"));
  EXPECT_EQ(last().reason, "it was away for 1 min 10 s, all its watched services are as expected");
}

TEST_F(MonitoredHostTest, WhatWaitsWithOthersIsNotifiedAcrossHosts) {
  watch({{.pattern = "Silenced"}, {.pattern = "Graced", .policy = {.grace = {.time = 1min}}}});
  is("Silenced", running, 1);
  is("Graced", running, 2);
  check();
  stops({"Graced"});
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped Graced"));
  EXPECT_FALSE(last().across_hosts) << "a grace is the service's own";
  silence_ = Suppression{"silenced", now_ + 1h};
  stops({"Silenced"});
  silence_.reset();
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped Silenced"));
  EXPECT_TRUE(last().across_hosts);
  runs({"Silenced"});
  stops({"Silenced"});
  EXPECT_FALSE(last().across_hosts);
}

TEST_F(MonitoredHostTest, AHostThatAsksAllItsServicesToStopIsAboutToGo) {
  watch({{.pattern = "*"}}, kStorm);
  runs({"A", "B", "C", "D", "E"});
  is("A", stopped);
  for (const auto* name : {"B", "C"}) is(name, stop_pending);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  stops({"B", "C", "D", "E"}, 1s);
  EXPECT_THAT(notified(), IsEmpty());
  no_answer();
  no_answer(30s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
}

}  // namespace
}  // namespace tocsin
