#include "unit/domain/monitored_host_test.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(MonitoredHostTest, WithoutPoliciesAChangeIsNotifiedAtOnce) {
  watch({{.pattern = "Spooler"}});
  runs({"Spooler"});
  stops({"Spooler"});
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  runs({"Spooler"});
  EXPECT_THAT(notified(), ElementsAre("started Spooler"));
  EXPECT_THAT(suppressed(), IsEmpty());
}

TEST_F(MonitoredHostTest, GraceByChecks) {
  watch({{.pattern = "A", .policy = {.grace = {.checks = 3}}}});
  runs({"A"});
  stops({"A"});
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("stopped A: not yet seen 3 times"));
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  check();
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, GraceByTimeForgetsWhatIsOver) {
  watch({{.pattern = "A", .policy = {.grace = {.time = 1min}}}});
  runs({"A"});
  stops({"A"});
  runs({"A"}, 30s);
  pass(10min);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("stopped A: not yet for 1 min",
                                        "started A: over before anybody was notified"));
}

TEST_F(MonitoredHostTest, GraceByTimeEndsWithoutACheck) {
  watch({{.pattern = "A", .policy = {.grace = {.time = 1min}}}});
  runs({"A"});
  is("A", stopped, 0, 1067);
  check();
  EXPECT_EQ(monitored_->next_review(now_), now_ + 1min);
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reason, "exit code 1067, for 1 min by now");
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
}

TEST_F(MonitoredHostTest, ExpectedToBeStopped) {
  watch({{.pattern = "A", .policy = {.expected = Expected::stopped}}});
  stops({"A"});
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
  EXPECT_FALSE(is_resolved(last()));
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_TRUE(is_resolved(last()));
}

TEST_F(MonitoredHostTest, BetweenExpectedStatesNothingIsNotified) {
  watch(
      {{.pattern = "A", .policy = {.expected = {ExpectedState::running, ExpectedState::paused}}}});
  is("A", running, 7);
  check();
  is("A", paused);
  check();
  is("A", running, 7);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("paused A: both states of it are expected",
                                        "started A: both states of it are expected"));
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_FALSE(is_resolved(last()));
  is("A", paused);
  check();
  EXPECT_THAT(notified(), ElementsAre("paused A")) << "which ends the alert";
  EXPECT_TRUE(is_resolved(last()));
  is("A", running, 7);
  check();
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, APolicyThatExpectsLessNotifiesOfWhatIsExpectedNoMore) {
  watch(
      {{.pattern = "A", .policy = {.expected = {ExpectedState::running, ExpectedState::paused}}}});
  is("A", running, 7);
  check();
  is("A", paused);
  check();
  monitored_->set_rules({.services = Watchlist({{.pattern = "A"}}), .policy = {}});
  check();
  EXPECT_THAT(notified(), ElementsAre("paused A"));
}

TEST_F(MonitoredHostTest, AClusterThatRunsTooOftenIsOverrun) {
  watch({{.pattern = "A", .policy = {.grace = {.time = 1min}}}});
  runs({"A"});
  is("A", overrun);
  check();
  EXPECT_THAT(suppressed(), ElementsAre("overrun A: not yet for 1 min"));
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("overrun A"));
  EXPECT_FALSE(is_resolved(last()));
  stops({"A"}, 1min);
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().from, overrun);
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
}

TEST_F(MonitoredHostTest, AnyStateExpectedStillVanishes) {
  watch({{.pattern = "A", .policy = {.expected = Expected::any}}});
  runs({"A"});
  stops({"A"});
  runs({"A"});
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(suppressed().size(), 2);
  is("A", missing);
  check();
  EXPECT_THAT(notified(), ElementsAre("vanished A"));
}

TEST_F(MonitoredHostTest, QuietExitCodes) {
  watch({{.pattern = "A", .policy = {.quiet_exit_codes = {0, 42}}}});
  runs({"A"});
  is("A", stopped, 0, 42);
  check();
  runs({"A"});
  EXPECT_THAT(notified(), IsEmpty());
  is("A", stopped, 0, 1);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_F(MonitoredHostTest, TriggerStartedServicesThatAPatternFoundMayEnd) {
  watch({{.pattern = "Named"}, {.pattern = "Wild*"}});
  for (const auto* name : {"Named", "Wild1"}) {
    has(name, {.trigger_start = true});
    is(name, running);
  }
  check();
  stops({"Named", "Wild1"});
  EXPECT_THAT(notified(), ElementsAre("stopped Named"));
  runs({"Wild1"});
  is("Wild1", stopped, 0, 1067);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Wild1")) << "a crash is an alert";
}

TEST_F(MonitoredHostTest, RepeatedWhileItIsDown) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}}, {.repeat_every = 1h});
  runs({"A"});
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  pass(59min);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reminder, 1);
  EXPECT_EQ(last().reason, "still so after 1 h");
  EXPECT_TRUE(last().across_hosts);
  restart();
  check(30min);
  EXPECT_THAT(notified(), IsEmpty());
  check(30min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().reminder, 2);
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
  pass(5h);
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, AReminderThatIsSuppressedIsDueWhenTheSuppressionEnds) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}});
  runs({"A"});
  stops({"A"});
  silence_ = Suppression{"silenced", now_ + 3h};
  pass(2h);
  EXPECT_EQ(monitored_->next_review(now_), now_ + 1h) << "asking again at once would never end";
}

TEST_F(MonitoredHostTest, WhatIsStillWrongWhenASilenceEndsIsNotifiedThen) {
  watch({{.pattern = "Back"}, {.pattern = "Down"}});
  is("Back", running, 1);
  is("Down", running, 2);
  check();
  silence_ = Suppression{"silenced: patches", now_ + 1h};
  stops({"Back", "Down"});
  runs({"Back"});
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(),
              ElementsAre("stopped Back: silenced: patches", "stopped Down: silenced: patches",
                          "started Back: silenced: patches"));
  silence_.reset();
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped Down"));
}

TEST_F(MonitoredHostTest, TheEndOfWhatWasNotifiedPassesSilences) {
  watch({{.pattern = "A"}});
  runs({"A"});
  stops({"A"});
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  silence_ = Suppression{"silenced", now_ + 1h};
  runs({"A"});
  EXPECT_THAT(notified(), ElementsAre("started A"));
  stops({"A"});
  runs({"A"});
  silence_.reset();
  check(1h);
  EXPECT_THAT(notified(), IsEmpty()) << "what begins and ends in a silence stays untold";
}

TEST_F(MonitoredHostTest, WhatAPatternFoundAndIsGoneIsNotifiedOnceEvenAfterASilence) {
  watch({{.pattern = "A*"}});
  runs({"A1"});
  silence_ = Suppression{"silenced", now_ + 1h};
  is("A1", missing);
  check();
  check();
  EXPECT_THAT(notified(), IsEmpty());
  silence_.reset();
  check(1h);
  EXPECT_THAT(notified(), ElementsAre("vanished A1"));
  check(1h);
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, TheServiceThatOthersNeedIsTheirRootCause) {
  watch({{.pattern = "Database"}, {.pattern = "Engine"}, {.pattern = "Proxy"}});
  for (const auto* name : {"Database", "Engine", "Proxy"}) is(name, running);
  has("Engine", {.dependencies = {"DATABASE"}});
  has("Proxy", {.dependencies = {"RPCSS", "Engine"}});
  check();
  stops({"Database", "Engine"});
  EXPECT_THAT(notified(), ElementsAre("stopped Database", "stopped Engine"));
  EXPECT_EQ(last().root_cause, ServiceName("Database"));
  stops({"Proxy"});
  EXPECT_EQ(last().root_cause, ServiceName("Database")) << "the deepest";
  EXPECT_EQ(last().reason, "it needs DATABASE, which does not run");
}

TEST_F(MonitoredHostTest, ReasonsAreNeverEmptyForKindsThatButlerLacks) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  for (const auto state : {running, denied, running, missing}) {
    is("A", state);
    check();
  }
  EXPECT_THAT(notified(), ElementsAre("restarted A", "denied A", "restarted A", "vanished A"));
  for (const auto& alert : all_) EXPECT_NE(alert.reason, "") << to_string(alert.kind);
}

TEST_F(MonitoredHostTest, KnowsThePatternsThatFindNothing) {
  watch({{.pattern = "MSSQL$*"},
         {.pattern = "Spool*"},
         {.display_name = "Print *"},
         {.display_name = "Qlik *"},
         {.pattern = "*", .automatic_only = true},
         {.pattern = "Nobody"}});
  is("Spooler", running);
  has("Spooler", {.display_name = "Print Spooler"});
  is("Workstation", running);
  has("Workstation", {.display_name = "Print nothing"});
  check();
  EXPECT_THAT(monitored_->idle_patterns(), ElementsAre("MSSQL$*", "Qlik *"));
}

TEST_F(MonitoredHostTest, WhatWasFoundByItsDisplayNameIsMissedAfterARestart) {
  watch({{.display_name = "Print *", .set = "printing"}});
  is("Spooler", running);
  has("Spooler", {.display_name = "Print Spooler"});
  check();
  is_listed_no_more("Spooler");
  restart();
  check();
  EXPECT_THAT(notified(), ElementsAre("vanished Spooler"));
  EXPECT_EQ(last().set, "printing");
}

TEST_F(MonitoredHostTest, SaysWhichAlertsWaitAndWhy) {
  watch({{.pattern = "Once"},
         {.pattern = "Twice", .policy = {.grace = {.checks = 2}}},
         {.pattern = "Later", .policy = {.grace = {.time = 1min}}},
         {.pattern = "Daily", .policy = {.repeat_every = 24h}},
         {.pattern = "Flappy", .policy = {.flapping = {.start = 2, .stop = 1, .window = 10min}}}});
  const auto waiting = [this] {
    std::vector<std::string> words;
    for (const auto& alert : monitored_->waiting_alerts(now_)) {
      const auto& [reason, until] = alert.suppression;
      words.push_back(alert.service.text() + " " + std::string(to_string(alert.kind)) + ": " +
                      reason + (until == Time::max() ? "" : ", " + duration_text(until - now_)));
    }
    return words;
  };
  runs({"Once", "Twice", "Later", "Daily", "Flappy"});
  EXPECT_THAT(waiting(), IsEmpty());
  stops({"Once", "Twice", "Later", "Daily", "Flappy"});
  EXPECT_THAT(waiting(), testing::Contains("Twice stopped: not yet seen 2 times"));
  runs({"Flappy"}, 0s);
  notified();
  EXPECT_THAT(waiting(), ElementsAre("Daily stopped: notified, a reminder is due later, 1 d",
                                     "Flappy steady: it flaps, 10 min",
                                     "Later stopped: not yet for 1 min, 1 min"));
  silence_ = Suppression{"silenced by alice"};
  is("Once", paused);
  check();
  EXPECT_THAT(waiting(), testing::Contains("Once paused: silenced by alice"));
  no_answer();
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(MonitoredHostTest, WhatIsReadOfAServiceThatRestsDecidesAnew) {
  const auto read = [](StartMode mode) { return ServiceDetails{.start_mode = mode}; };
  watch({{.pattern = "*", .automatic_only = true}});
  has("A", read(StartMode::automatic));
  has("B", read(StartMode::automatic));
  for (int i = 0; i < 3; i++) runs({"A", "B"});
  is("A", running, 7);
  is("B", running, 8);
  for (int i = 0; i < 3; i++) check();
  EXPECT_EQ(monitored_->services().size(), 2);
  has("A", read(StartMode::manual));
  check();
  EXPECT_EQ(monitored_->services().find(ServiceName("A")), nullptr) << "brought by a check";
  (void)monitored_->learn(
      {{ServiceName("B"), std::make_shared<const ServiceDetails>(read(StartMode::manual))}});
  has("B", read(StartMode::manual));
  check();
  EXPECT_THAT(monitored_->services(), IsEmpty()) << "read in between";
}

TEST_F(MonitoredHostTest, OtherRulesDecideAnewAboutAServiceThatRests) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  for (int i = 0; i < 3; i++) check();
  monitored_->set_rules({.services = Watchlist({{.pattern = "B"}}), .policy = {}});
  check();
  EXPECT_THAT(monitored_->services(), IsEmpty());
}

}  // namespace
}  // namespace tocsin
