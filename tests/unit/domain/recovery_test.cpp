// When tocsin itself starts a service again, and when it does not.
#include "domain/recovery.h"

#include <chrono>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "domain/suppression.h"
#include "monitored_host_test.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

constexpr std::uint32_t kAborted = 1067;  // ERROR_PROCESS_ABORTED
constexpr std::uint32_t kNeverStarted = 1077;

/// A service that has crashed a moment ago and is to be started again: what a test changes of that.
class RecoveryPlanTest : public testing::Test {
 protected:
  RecoveryPlanTest() {
    watched_.policy.recovery = {.enabled = true};
    service_.seen = {.state = ServiceState::stopped, .exit_code = kAborted};
    service_.settled = ServiceState::stopped;
    service_.settled_since = service_.since = kFirstCheck;
    details_.start_mode = StartMode::automatic;
  }
  [[nodiscard]] RecoveryPlan plan(Duration after = 1s) const {
    return plan_recovery(service_, {watched_, has_details_ ? &details_ : nullptr, true},
                         circumstances_, known_, kFirstCheck + after);
  }
  /// After how long the next attempt is due.
  [[nodiscard]] std::optional<Duration> due(Duration after = 1s) const {
    const auto next = plan(after);
    if (next.step != RecoveryStep::attempt) return std::nullopt;
    return next.at - kFirstCheck;
  }
  [[nodiscard]] std::string withheld() const {
    const auto next = plan();
    return next.step == RecoveryStep::withheld ? next.why : "";
  }
  [[nodiscard]] RecoveryPolicy& policy() { return watched_.policy.recovery; }

  WatchedService watched_{.pattern = "Spooler"};
  TrackedService service_;
  ServiceDetails details_;
  bool has_details_ = true;
  Circumstances circumstances_;
  RecoveryState known_;
};

TEST_F(RecoveryPlanTest, StartsAServiceThatHasCrashed) { EXPECT_EQ(due(), Duration(10s)); }

TEST_F(RecoveryPlanTest, NeverDoesByDefault) {
  policy().enabled = false;
  EXPECT_EQ(plan().step, RecoveryStep::none);
}

TEST_F(RecoveryPlanTest, WaitsBeforeEachAttemptAndTheLastWaitRepeats) {
  policy().attempts = 5;
  policy().waits = {10s, 1min};
  EXPECT_EQ(due(), Duration(10s));
  known_ = {.attempts = 1, .begun = kFirstCheck + 10s, .ended = kFirstCheck + 12s};
  EXPECT_EQ(due(13s), Duration(72s));
  known_ = {.attempts = 4, .begun = kFirstCheck + 5min, .ended = kFirstCheck + 5min};
  EXPECT_EQ(due(6min), Duration(6min));
}

TEST_F(RecoveryPlanTest, EndsAfterSoManyAttempts) {
  known_ = {.attempts = 3, .begun = kFirstCheck, .ended = kFirstCheck};
  EXPECT_EQ(plan(1h).step, RecoveryStep::spent);
  policy().attempts = 4;
  EXPECT_TRUE(due());
}

TEST_F(RecoveryPlanTest, WaitsNoLongerWhenTheClockWasSetBack) {
  known_ = {.attempts = 1, .begun = kFirstCheck + 5h, .ended = kFirstCheck + 5h};
  EXPECT_EQ(due(1s), Duration(61s));
}

TEST_F(RecoveryPlanTest, LeavesACleanStopUnlessToldOtherwise) {
  for (const auto code : {0U, kNeverStarted}) {
    service_.seen.exit_code = code;
    EXPECT_EQ(withheld(), "it has stopped without an error");
    policy().clean_exit = true;
    EXPECT_TRUE(due());
    details_.trigger_start = true;
    EXPECT_EQ(withheld(), "it is started by events and ended normally");
    policy().clean_exit = details_.trigger_start = false;
  }
  service_.seen.exit_code = 1066;
  service_.seen.service_exit_code = 7;
  EXPECT_TRUE(due()) << "a code of its own";
}

TEST_F(RecoveryPlanTest, TakesQuietExitCodesForACleanStop) {
  watched_.policy.quiet_exit_codes = {kAborted};
  EXPECT_EQ(withheld(), "exit code 1067 is a normal end");
}

TEST_F(RecoveryPlanTest, LeavesWhatWasSoAtFirstSightUnlessItIsAnAlert) {
  service_.notified.settled = ServiceState::stopped;
  EXPECT_EQ(withheld(), "it was so at first sight, which was no alert");
  service_.notified.firing_since = kFirstCheck;
  EXPECT_TRUE(due());
}

TEST_F(RecoveryPlanTest, LeavesAStopThatIsExpected) {
  watched_.policy.expected = Expected::stopped;
  EXPECT_EQ(plan().step, RecoveryStep::none);
  watched_.policy.expected = Expected::any;
  EXPECT_EQ(plan().step, RecoveryStep::none);
}

TEST_F(RecoveryPlanTest, LeavesWhatIsNotStopped) {
  for (const auto state : {ServiceState::running, ServiceState::paused, ServiceState::missing,
                           ServiceState::denied, ServiceState::unknown}) {
    service_.seen.state = service_.settled = state;
    EXPECT_EQ(plan().step, RecoveryStep::none) << to_string(state);
  }
  service_.settled = ServiceState::stopped;
  service_.seen.state = ServiceState::start_pending;
  EXPECT_EQ(plan().step, RecoveryStep::none) << "it is on its way";
}

TEST_F(RecoveryPlanTest, LeavesWhatIsDisabledOrNotKnownToBeNot) {
  details_.start_mode = StartMode::disabled;
  EXPECT_EQ(withheld(), "it is disabled");
  details_.start_mode = StartMode::unknown;
  EXPECT_EQ(withheld(), "its start mode is not known yet");
  has_details_ = false;
  EXPECT_EQ(withheld(), "its start mode is not known yet");
  has_details_ = true;
  details_.start_mode = StartMode::manual;
  EXPECT_TRUE(due());
}

TEST_F(RecoveryPlanTest, LeavesWhatASilenceCovers) {
  circumstances_.silence = Suppression{"patching", kFirstCheck + 1h};
  EXPECT_EQ(withheld(), "patching");
  EXPECT_EQ(plan().at, kFirstCheck + 1h);
}

TEST_F(RecoveryPlanTest, LeavesWhatSomebodyIsAt) {
  circumstances_.acknowledged = Suppression{"Ann has seen it"};
  EXPECT_EQ(withheld(), "Ann has seen it");
}

TEST_F(RecoveryPlanTest, LeavesAHostThatIsNotReachedOrHasJustStarted) {
  circumstances_.outage = Suppression{"its host is not reached"};
  EXPECT_EQ(withheld(), "its host is not reached");
  circumstances_ = {.booted_at = kFirstCheck};
  EXPECT_EQ(withheld(), "its host has just started");
  service_.first_sight = true;
  EXPECT_EQ(withheld(), "its host has just started") << "also where that is an alert at once";
  circumstances_ = {.storm = Suppression{"many services of its host stopped at once"}};
  service_.first_sight = false;
  EXPECT_EQ(withheld(), "many services of its host stopped at once");
}

TEST_F(RecoveryPlanTest, LeavesWhatAClusterDecides) {
  watched_.cluster = "sql";
  EXPECT_EQ(withheld(), "the rule of the cluster sql decides");
}

TEST_F(RecoveryPlanTest, DoesNotWaitForTheGraceOfTheAlert) {
  watched_.policy.grace = {.checks = 5, .time = 1h};
  EXPECT_EQ(due(), Duration(10s));
}

TEST_F(RecoveryPlanTest, RestartsWhatIsStuckIfItIsTold) {
  service_.seen = {.state = ServiceState::stop_pending};
  service_.settled = ServiceState::running;
  service_.progress_at = kFirstCheck;
  service_.stuck = true;
  EXPECT_EQ(plan().step, RecoveryStep::none);
  policy().action = RecoveryAction::restart;
  policy().when = {.stopped = false, .stuck = true};
  EXPECT_EQ(due(31s), Duration(40s)) << "30 s of patience, and the wait";
  service_.seen.wait_hint = 2min;
  EXPECT_EQ(due(3min), Duration(130s));
}

TEST_F(RecoveryPlanTest, CountsFromNoughtWhenItHasRunForLongEnough) {
  EXPECT_EQ(forgets_attempts_at(service_, watched_.policy), Time::max());
  service_.seen.state = service_.settled = ServiceState::running;
  EXPECT_EQ(forgets_attempts_at(service_, watched_.policy), kFirstCheck + 1h);
  service_.seen.state = ServiceState::unknown;
  EXPECT_EQ(forgets_attempts_at(service_, watched_.policy), Time::max());
}

/// What alerts say of it.
class RecoveredHostTest : public MonitoredHostTest {
 protected:
  RecoveredHostTest() {
    watched_.policy.recovery = {.enabled = true, .attempts = 2};
    monitored_.emplace(
        HostName("node1"), MonitoredHost::Rules{.services = Watchlist({watched_}), .policy = {}},
        MonitoredHost::Known{}, [this](const ServiceName&, Time) { return silence_; },
        [this](const ServiceName&, Time) { return acknowledged_; },
        [this](const ServiceName&) { return known_ ? &*known_ : nullptr; });
    runs({"Spooler"});
  }
  void crashes() {
    is("Spooler", ServiceState::stopped, 0, kAborted);
    check();
  }
  void tried(unsigned attempts, const char* outcome, bool runs = false) {
    now_ += 1s;
    known_ = {.attempts = attempts, .begun = now_, .ended = now_, .runs = runs, .outcome = outcome};
  }

  WatchedService watched_{.pattern = "Spooler"};
  std::optional<RecoveryState> known_;
  std::optional<Suppression> acknowledged_;
};

TEST_F(RecoveredHostTest, NeverDelaysTheAlert) {
  crashes();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  EXPECT_THAT(last().recovery, IsEmpty());
}

TEST_F(RecoveredHostTest, ItsEndSaysWhoHasStartedIt) {
  crashes();
  tried(2, "it runs", true);
  runs({"Spooler"});
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler", "started Spooler"));
  EXPECT_EQ(last().recovery, "after tocsin started it (attempt 2 of 2)");
  EXPECT_THAT(last().reason, EndsWith(last().recovery));
}

TEST_F(RecoveredHostTest, ItsEndMayComeBeforeTheAttemptHas) {
  crashes();
  tried(1, "");
  known_->ended = {};
  runs({"Spooler"});
  EXPECT_EQ(last().recovery, "after tocsin started it (attempt 1 of 2)");
}

TEST_F(RecoveredHostTest, SaysOnceAndAtOnceThatItIsGivenUp) {
  crashes();
  tried(1, "1069: no logon");
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  tried(2, "1069: no logon");
  EXPECT_LE(monitored_->next_review(at()), now_);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  EXPECT_EQ(last().reminder, 1);
  EXPECT_EQ(last().recovery,
            "tried to start it 2 times: 1069: no logon; it is not tried again until it has run "
            "for 1 h");
  check();
  check(1h);
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(RecoveredHostTest, SaysNothingOfThatToWhoIsAtItOrWantsQuiet) {
  crashes();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  tried(2, "1069: no logon");
  acknowledged_ = Suppression{"Ann has seen it"};
  check();
  acknowledged_.reset();
  silence_ = Suppression{"patching"};
  check();
  EXPECT_THAT(notified(), IsEmpty());
  silence_.reset();
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler")) << "when the silence has ended";
}

TEST_F(RecoveredHostTest, SaysSoWithTheAlertOfTheNextCrash) {
  crashes();
  tried(2, "it runs", true);
  runs({"Spooler"});
  crashes();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler", "started Spooler", "stopped Spooler"));
  EXPECT_EQ(last().recovery,
            "tocsin has started it 2 times since it last ran for 1 h; it is not tried again until "
            "it has run for 1 h");
  check();
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(RecoveredHostTest, OfAServiceThatSomebodyElseHasStartedSaysWhatWasTried) {
  crashes();
  tried(1, "1069: no logon");
  runs({"Spooler"});
  EXPECT_EQ(last().recovery, "tocsin had tried to start it (attempt 1 of 2): 1069: no logon");
  crashes();
  EXPECT_EQ(last().recovery, "tocsin has tried to start it once since it last ran for 1 h");
  runs({"Spooler"});
  EXPECT_THAT(last().recovery, IsEmpty()) << "nothing was tried this time";
}

}  // namespace
}  // namespace tocsin
