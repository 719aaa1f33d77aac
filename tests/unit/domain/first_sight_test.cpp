// Services that are seen for the first time.
#include <chrono>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/domain/monitored_host_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(MonitoredHostTest, ANamedServiceThatIsBadAtFirstSightIsNotified) {
  watch({{.pattern = "Stopped"},
         {.pattern = "Paused"},
         {.pattern = "Gone"},
         {.pattern = "Closed"},
         {.pattern = "Fine"},
         {.pattern = "Wild*"}});
  is("Stopped", stopped, 0, 1067);
  is("Paused", paused);
  is("Gone", missing);
  is("Closed", denied);
  is("Fine", running);
  is("Wild1", stopped);
  check();
  EXPECT_THAT(notified(),
              ElementsAre("denied Closed", "vanished Gone", "paused Paused", "stopped Stopped"));
  for (const auto& alert : all_) {
    EXPECT_EQ(alert.from, unknown);
    EXPECT_TRUE(alert.across_hosts);
    EXPECT_FALSE(alert.for_notified);
  }
  EXPECT_EQ(all_[0].reason, "the host does not let the account ask for it");
  EXPECT_EQ(all_[1].reason, "is not installed");
  EXPECT_EQ(last().reason, "exit code 1067");
  restart();
  check();
  EXPECT_THAT(notified(), IsEmpty()) << "once";
  runs({"Stopped", "Paused", "Gone", "Closed", "Wild1"});
  EXPECT_THAT(notified(), ElementsAre("visible Closed", "started Gone", "started Paused",
                                      "started Stopped", "started Wild1"));
  for (const auto& alert : std::span(all_).last(5))
    EXPECT_EQ(alert.for_notified, alert.service != ServiceName("Wild1")) << alert.service.text();
  stops({"Stopped"});
  runs({"Stopped"});
  EXPECT_THAT(notified(), ElementsAre("stopped Stopped", "started Stopped"));
  EXPECT_FALSE(last().for_notified) << "the news of everybody";
  EXPECT_FALSE(last().across_hosts);
}

TEST_F(MonitoredHostTest, APendingServiceIsFirstSeenWhenItSettlesOrIsStuck) {
  watch({{.pattern = "Starts"}, {.pattern = "Fails"}, {.pattern = "Hangs"}});
  for (const auto* name : {"Starts", "Fails", "Hangs"}) is(name, start_pending);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  is("Starts", running);
  is("Fails", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Fails"));
  EXPECT_EQ(last().from, unknown);
  check(30s);
  EXPECT_THAT(notified(), ElementsAre("stuck Hangs"));
  EXPECT_EQ(last().from, unknown);
  EXPECT_TRUE(last().across_hosts);
  runs({"Hangs"});
  EXPECT_THAT(notified(), ElementsAre("started Hangs"));
  EXPECT_TRUE(last().for_notified);
}

TEST_F(MonitoredHostTest, SilenceGraceAndExemptionsHoldForTheFirstSight) {
  watch({{.pattern = "Graced", .policy = {.grace = {.time = 1min}}},
         {.pattern = "Back", .policy = {.grace = {.checks = 2}}},
         {.pattern = "Ended", .policy = {.quiet_exit_codes = {42}}},
         {.pattern = "Event", .policy = {.trigger_start = TriggerStart::exempt}},
         {.pattern = "Any", .policy = {.expected = Expected::any}}});
  has("Event", {.trigger_start = true});
  for (const auto* name : {"Graced", "Back", "Any"}) is(name, stopped);
  is("Ended", stopped, 0, 42);
  is("Event", stopped, 0, 1077);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("stopped Back: not yet seen 2 times",
                                        "stopped Ended: exit code 42 is a normal end",
                                        "stopped Event: it is started by events and ended normally",
                                        "stopped Graced: not yet for 1 min"));
  runs({"Back"});
  EXPECT_THAT(suppressed(), ElementsAre("started Back: over before anybody was notified"));
  silence_ = Suppression{"silenced", now_ + 1h};
  pass(2min);
  EXPECT_THAT(notified(), IsEmpty());
  silence_.reset();
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped Graced"));
  EXPECT_EQ(last().from, unknown);
  EXPECT_TRUE(last().across_hosts);
}

TEST_F(MonitoredHostTest, TheBootGraceDoesNotHoldForTheFirstSight) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  is("A", running, 1);
  is("B", unknown);
  check();
  no_answer();
  is("A", running, 2);
  stops({"B"});
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host", "stopped B"));
  EXPECT_THAT(suppressed(), ElementsAre("restarted A: its host has just started"));
}

TEST_F(MonitoredHostTest, ToldIsWhatPatternsFindAndWindowsStartsByItself) {
  watch({{.pattern = "*", .policy = {.first_sight = FirstSight::told}}});
  has("Automatic", {.start_mode = StartMode::automatic});
  has("Delayed", {.start_mode = StartMode::automatic_delayed});
  has("Event", {.start_mode = StartMode::automatic, .trigger_start = true});
  has("Manual", {.start_mode = StartMode::manual});
  for (const auto* name : {"Automatic", "Delayed", "Event", "Manual", "NotKnown"})
    is(name, stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Automatic", "stopped Delayed"));
}

TEST_F(MonitoredHostTest, AQuietFirstSightIsABaseline) {
  watch({{.pattern = "A", .policy = {.first_sight = FirstSight::quiet}}});
  stops({"A"});
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), IsEmpty());
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
  EXPECT_FALSE(last().for_notified);
}

TEST_F(MonitoredHostTest, AServiceThatWasNeverSeenBeforeIsNotifiedFromItsFirstSightOn) {
  watch({{.pattern = "A"}});
  is("A", unknown);
  check();
  runs({"A"});
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

}  // namespace
}  // namespace tocsin
