// What was notified is ended, also where no check can find its end.
#include "unit/domain/ended_alerts_test.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(EndedAlerts, AServiceThatLeavesTheConfigurationEndsItsAlert) {
  watch({{.pattern = "A"}, {.pattern = "B"}, quietly("C")});
  check({{"A", running}, {"B", running}, {"C", stopped}});
  check({{"A", stopped}, {"B", running}, {"C", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  const auto stopped_at = now_;
  watch({{.pattern = "D"}});
  check({{"D", running}});
  ASSERT_THAT(notified(), ElementsAre("unmonitored A")) << "nothing where nothing was notified";
  EXPECT_EQ(last().from, stopped);
  EXPECT_EQ(last().previous_since, stopped_at);
  EXPECT_EQ(last().reason, "no longer monitored");
  EXPECT_TRUE(last().for_notified);
  EXPECT_TRUE(is_resolved(last()));
  EXPECT_EQ(monitored_->services().size(), 1) << "the others are forgotten";
  check({{"D", running}});
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(EndedAlerts, AServiceLeavesWhileItsHostIsNotReachedToo) {
  watch({{.pattern = "A"}});
  check({{"A", running}});
  check({{"A", denied}});
  EXPECT_THAT(notified(), ElementsAre("denied A"));
  watch({});
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("unreachable ", "unmonitored A"));
  EXPECT_EQ(last().from, denied);
}

TEST_F(EndedAlerts, WhatLeftTheConfigurationWhileTocsinDidNotRunEndsAtTheFirstCheck) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  check({{"A", running}, {"B", running}});
  check({{"A", stopped}, {"B", stopped}});
  notified();
  restart_with({{.pattern = "B"}});
  check({{"B", stopped}});
  EXPECT_THAT(notified(), ElementsAre("unmonitored A"));
}

TEST_F(EndedAlerts, AHostThatLeavesEndsItsOwnAndThoseOfItsServices) {
  watch({{.pattern = "A"}, {.pattern = "b"}, {.pattern = "C"}});
  check({{"A", running}, {"B", running}, {"C", running}});
  check({{"A", stopped}, {"B", paused}, {"C", running}});
  no_answer();
  no_answer();
  EXPECT_THAT(notified(), ElementsAre("stopped A", "paused b", "unreachable "));
  retire();
  EXPECT_THAT(notified(), UnorderedElementsAre("unmonitored ", "unmonitored A", "unmonitored b"));
  EXPECT_TRUE(outcome_.forgotten);
  EXPECT_EQ(outcome_.services.size(), 3);
  for (const auto& change : outcome_.services) EXPECT_TRUE(change.forgotten);
  for (const auto& alert : outcome_.alerts) EXPECT_TRUE(alert.for_notified && alert.across_hosts);
  check({{"A", running}, {"B", running}});
  EXPECT_THAT(notified(), IsEmpty()) << "it begins anew";
}

TEST_F(EndedAlerts, AHostThatIsWellLeavesWithoutAWord) {
  watch({{.pattern = "A"}});
  check({{"A", running}});
  check({{"A", stopped}});
  check({{"A", running}});
  notified();
  retire();
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(EndedAlerts, AStateThatIsExpectedNowEndsItsAlertWithoutAChange) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  check({{"A", running}, {"B", running}});
  check({{"A", stopped}, {"B", stopped}});
  notified();
  silence_ = Suppression{"silenced"};
  watch({expects("A", Expected::stopped), {.pattern = "B"}});
  EXPECT_EQ(monitored_->next_review(now_), now_);
  check({{"A", stopped}, {"B", stopped}});
  ASSERT_THAT(notified(), ElementsAre("unmonitored A")) << "ends pass silences";
  EXPECT_EQ(last().reason, "this state is expected now");
  EXPECT_EQ(last().from, stopped);
  EXPECT_EQ(last().to, stopped);
  EXPECT_TRUE(last().for_notified);
  check({{"A", stopped}, {"B", stopped}});
  EXPECT_THAT(notified(), IsEmpty());
  silence_.reset();
  check({{"A", running}, {"B", stopped}});
  EXPECT_THAT(notified(), ElementsAre("started A")) << "the next one is an alert of its own";
}

TEST_F(EndedAlerts, AnyStateThatIsExpectedNowEndsItsAlertWhateverTheServiceDoes) {
  watch({{.pattern = "A"}, {.pattern = "B"}, {.pattern = "Gone"}});
  check({{"A", running}, {"B", running}, {"Gone", running}});
  check({{"A", stopped}, {"B", stopped}, {"Gone", missing}});
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "vanished Gone"));
  restart_with(
      {expects("A", Expected::any), expects("B", Expected::any), expects("Gone", Expected::any)});
  check({{"A", stopped}, {"B", running}, {"Gone", missing}});
  EXPECT_THAT(notified(), ElementsAre("started B", "unmonitored A"))
      << "uninstalled is no state that is expected";
  check({{"A", running}, {"B", stopped}, {"Gone", missing}});
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(EndedAlerts, AStuckServiceOfWhichAnyStateIsExpectedEndsInItsState) {
  watch({expects("A", Expected::any), {.pattern = "B", .cluster = "pair"}});
  check({{"A", running}, {"B", running}});
  check({{"A", stop_pending}, {"B", stop_pending}});
  check({{"A", stop_pending}, {"B", stop_pending}}, 1min);
  EXPECT_THAT(notified(), ElementsAre("stuck A", "stuck B"));
  check({{"A", stopped}, {"B", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped A", "unmonitored B"));
  EXPECT_EQ(last().reason, "the rule of the cluster pair decides");
}

TEST_F(EndedAlerts, AStopThatIsANormalEndByTheRulesOfNowEndsItsAlert) {
  details_ = std::make_shared<const ServiceDetails>(ServiceDetails{.trigger_start = true});
  watch({{.pattern = "Code"}, {.pattern = "Event"}, {.pattern = "Found"}});
  check({{"Code", running}, {"Event", running}, {"Found", running}});
  check({{"Code", stopped}, {"Event", stopped}, {"Found", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped Code", "stopped Event", "stopped Found"));
  silence_ = Suppression{"silenced"};
  watch({{.pattern = "Code", .policy = {.quiet_exit_codes = {0}}},
         {.pattern = "Event", .policy = {.trigger_start = TriggerStart::exempt}},
         {.pattern = "Fou*"}});
  EXPECT_EQ(monitored_->next_review(now_), now_);
  check({{"Code", stopped}, {"Event", stopped}, {"Found", stopped}});
  EXPECT_THAT(notified(), ElementsAre("unmonitored Code", "unmonitored Event", "unmonitored Found"))
      << "ends pass silences";
  EXPECT_EQ(last().reason, "it is started by events and ended normally");
  EXPECT_EQ(last().to, stopped);
  check({{"Code", stopped}, {"Event", stopped}, {"Found", stopped}});
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->firing_since(ServiceName("Code")), std::nullopt);
}

TEST_F(EndedAlerts, ACrashIsNoNormalEndBecauseTheServiceIsOnItsWay) {
  details_ = std::make_shared<const ServiceDetails>(ServiceDetails{.trigger_start = true});
  exit_code_ = 1067;
  watch({{.pattern = "A*"}});
  check({{"A1", running}});
  check({{"A1", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped A1"));
  check({{"A1", start_pending}});
  EXPECT_THAT(notified(), IsEmpty());
  check({{"A1", running}});
  EXPECT_THAT(notified(), ElementsAre("started A1"));
}

TEST_F(EndedAlerts, WhatWasPausedAndComesToANormalEndEnds) {
  watch({{.pattern = "A", .policy = {.quiet_exit_codes = {0}}}});
  check({{"A", running}});
  check({{"A", paused}});
  EXPECT_THAT(notified(), ElementsAre("paused A"));
  check({{"A", stopped}});
  EXPECT_THAT(notified(), ElementsAre("unmonitored A"));
  EXPECT_EQ(last().reason, "exit code 0 is a normal end");
}

TEST_F(EndedAlerts, WhatAPatternFoundAndHasVanishedFiresUntilItReturns) {
  watch({{.pattern = "A*", .policy = {.repeat_every = 1h}}});
  check({{"A1", running}, {"A2", running}});
  check({});
  EXPECT_THAT(notified(), ElementsAre("vanished A1", "vanished A2"));
  EXPECT_NE(monitored_->firing_since(ServiceName("A1")), std::nullopt);
  EXPECT_THAT(monitored_->idle_patterns(), ElementsAre("A*"));
  restart_with({{.pattern = "A*", .policy = {.repeat_every = 1h}}});
  check({}, 1h);
  EXPECT_THAT(notified(), ElementsAre("vanished A1", "vanished A2")) << "reminders";
  check({{"A1", running}});
  EXPECT_THAT(notified(), ElementsAre("started A1"));
  check({{"A1", running}, {"A2", stopped}});
  EXPECT_THAT(notified(), ElementsAre("stopped A2")) << "it is back, and not well";
  check({{"A1", running}, {"A2", running}});
  EXPECT_THAT(notified(), ElementsAre("started A2"));
}

TEST_F(EndedAlerts, WhatHasVanishedEndsWithItsPattern) {
  watch({{.pattern = "A*"}});
  check({{"A1", running}});
  check({{"A1", denied}});
  check({});
  EXPECT_THAT(notified(), ElementsAre("denied A1", "vanished A1"));
  watch({{.pattern = "A*", .exclude = {"A1"}}});
  check({});
  EXPECT_THAT(notified(), ElementsAre("unmonitored A1"));
  EXPECT_THAT(monitored_->services(), IsEmpty());
}

TEST_F(EndedAlerts, AMissingServiceThatWasNamedIsForgottenByAPattern) {
  watch({quietly("A1")});
  check({{"A1", missing}});
  watch({{.pattern = "A*"}});
  check({});
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(monitored_->services(), IsEmpty());
}

TEST_F(EndedAlerts, AStateThatIsNotKnownIsNeitherRepeatedNorEnded) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}});
  check({{"A", running}});
  check({{"A", stopped}});
  notified();
  watch({expects("A", Expected::stopped)});
  check({{"A", unknown}}, 3h);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
  EXPECT_EQ(monitored_->outage(ServiceName("A"))->reason, "its state is not known");
  check({{"A", stopped}});
  EXPECT_THAT(notified(), ElementsAre("unmonitored A"));
}

TEST_F(EndedAlerts, AServiceThatJoinsAClusterEndsItsAlert) {
  watch({{.pattern = "A"}});
  check({{"A", running}});
  check({{"A", stopped}});
  notified();
  watch({{.pattern = "A", .cluster = "pair"}});
  check({{"A", stopped}});
  EXPECT_THAT(notified(), ElementsAre("unmonitored A"));
  EXPECT_EQ(last().reason, "the rule of the cluster pair decides");
}

TEST_F(EndedAlerts, AChangeOfTheExpectedStateIsNoEndOfWhatIsStillWrong) {
  watch({{.pattern = "A"}, {.pattern = "B"}});
  check({{"A", running}, {"B", running}});
  check({{"A", paused}, {"B", denied}});
  notified();
  watch({expects("A", Expected::stopped), expects("B", Expected::any)});
  check({{"A", paused}, {"B", denied}});
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(EndedAlerts, TheEndOfAStuckServicePassesASilenceToo) {
  watch({{.pattern = "A"}});
  check({{"A", running}});
  check({{"A", stop_pending}});
  check({{"A", stop_pending}}, 1min);
  EXPECT_THAT(notified(), ElementsAre("stuck A"));
  silence_ = Suppression{"silenced"};
  check({{"A", running}});
  EXPECT_THAT(notified(), ElementsAre("started A"));
}

TEST_F(EndedAlerts, KnowsSinceWhenAnAlertFires) {
  watch({quietly("A")});
  check({{"A", stopped}});
  EXPECT_EQ(monitored_->firing_since(ServiceName("A")), std::nullopt) << "a baseline is no alert";
  check({{"A", running}});
  check({{"A", stopped}});
  const auto stopped_at = now_;
  check({{"A", paused}});
  EXPECT_EQ(monitored_->firing_since(ServiceName("a")), stopped_at) << "it is one until its end";
  EXPECT_EQ(monitored_->firing_since({}), std::nullopt);
  no_answer();
  const auto lost_at = now_;
  no_answer();
  EXPECT_EQ(monitored_->firing_since({}), lost_at);
  check({{"A", running}});
  EXPECT_EQ(monitored_->firing_since(ServiceName("A")), std::nullopt);
  EXPECT_EQ(monitored_->firing_since({}), std::nullopt);
  EXPECT_EQ(monitored_->firing_since(ServiceName("B")), std::nullopt);
}

}  // namespace
}  // namespace tocsin
