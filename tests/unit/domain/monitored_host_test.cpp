#include "domain/monitored_host.h"

#include <algorithm>
#include <chrono>
#include <span>
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

constexpr Time kFirstCheck{Duration{1'700'000'000'000}};
constexpr HostPolicy kHostGrace{.grace = {.checks = 2, .time = 30s}};
constexpr HostPolicy kStorm{.storm_wait = 30s};

std::string subject(const Alert& alert) {
  return std::string(to_string(alert.kind)) + " " +
         (is_about_host(alert) ? "host" : alert.service.text());
}

/// A host of pretend services, and what its checks bring.
class MonitoredHostTest : public testing::Test {
 protected:
  void watch(std::vector<WatchedService> services, HostPolicy policy = {}) {
    rules_ = {.services = Watchlist(std::move(services)), .policy = policy};
    monitored_.emplace(HostName("node1"), rules_, MonitoredHost::Known{},
                       [this](const ServiceName&, Time) { return silence_; });
  }
  /// What the service manager says from now on.
  void is(const char* name, ServiceState state, std::uint32_t process = 0,
          std::uint32_t exit_code = 0) {
    auto& seen = seen_[ServiceName(name)];
    seen.status = {.state = state,
                   .process_id = state == running ? (process == 0 ? next_process_++ : process) : 0,
                   .exit_code = exit_code};
    if (!seen.details) seen.details = std::make_shared<const ServiceDetails>();
  }
  void is_listed_no_more(const char* name) { seen_.erase(ServiceName(name)); }
  void has(const char* name, ServiceDetails details) {
    seen_[ServiceName(name)].details = std::make_shared<const ServiceDetails>(std::move(details));
  }
  void check(Duration after = 10s) {
    now_ += after;
    std::vector<ObservedService> services;
    services.reserve(seen_.size());
    for (const auto& [name, seen] : seen_) services.push_back({name, seen.status, seen.details});
    note(monitored_->apply({HostName("node1"), now_, std::move(services)}));
  }
  void no_answer(Duration after = 10s) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), now_, fail(ErrorKind::timed_out, "no answer within 5 s")}));
  }
  void says_shutdown(Duration after = 10s) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), now_, fail(ErrorKind::unreachable, "it is shutting down", 1115)}));
  }
  void refuses_login(Duration after = 10s) {
    now_ += after;
    note(monitored_->apply(
        {HostName("node1"), now_, fail(ErrorKind::login_refused, "the account is locked out")}));
  }
  void push(const char* name, ServiceState state, Duration after) {
    now_ += after;
    is(name, state);
    note(monitored_->apply_pushed({ServiceName(name), seen_[ServiceName(name)].status, {}}, now_));
  }
  void pass(Duration after) {
    now_ += after;
    note(monitored_->pass(now_));
  }
  /// Lets it run, then stop and start twice, every 20 s.
  void flap(const char* name) {
    is(name, running);
    check();
    for (int i = 0; i < 2; i++) {
      is(name, stopped);
      check(20s);
      is(name, running);
      check(20s);
    }
  }
  /// What was notified since the last question: "stopped Spooler".
  std::vector<std::string> notified() {
    std::vector<std::string> words;
    for (const auto& alert : std::exchange(notified_, {})) words.push_back(subject(alert));
    return words;
  }
  /// What was suppressed: "stopped Spooler: its host has just started".
  std::vector<std::string> suppressed() {
    std::vector<std::string> words;
    for (const auto& alert : std::exchange(suppressed_, {}))
      words.push_back(subject(alert) + ": " + alert.suppressed);
    return words;
  }
  [[nodiscard]] const Alert& last() const { return all_.back(); }
  /// tocsin ends and starts again.
  void restart() {
    MonitoredHost::Known known{monitored_->host(), monitored_->services(), {}};
    for (const auto& [name, service] : known.services)
      known.details[name] = monitored_->details(name);
    monitored_.emplace(HostName("node1"), rules_, std::move(known),
                       [this](const ServiceName&, Time) { return silence_; });
  }

  std::optional<Suppression> silence_;
  std::optional<MonitoredHost> monitored_;
  Time now_ = kFirstCheck;
  std::vector<Alert> all_;

 private:
  void note(MonitoredHost::Outcome outcome) {
    for (auto& alert : outcome.alerts) {
      all_.push_back(alert);
      (alert.suppressed.empty() ? notified_ : suppressed_).push_back(std::move(alert));
    }
  }

  struct Seen {
    ServiceStatus status;
    std::shared_ptr<const ServiceDetails> details;
  };
  MonitoredHost::Rules rules_;
  std::map<ServiceName, Seen> seen_;
  std::vector<Alert> notified_;
  std::vector<Alert> suppressed_;
  std::uint32_t next_process_ = 100;
};

TEST_F(MonitoredHostTest, WithoutPoliciesAChangeIsNotifiedAtOnce) {
  watch({{.pattern = "Spooler"}});
  is("Spooler", running);
  check();
  is("Spooler", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler"));
  is("Spooler", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started Spooler"));
  EXPECT_THAT(suppressed(), IsEmpty());
}

TEST_F(MonitoredHostTest, ARefusedLoginIsNoAlertOfItsHost) {
  watch({{.pattern = "A"}});
  is("A", running, 7);
  check();
  for (int i = 0; i < 20; i++) refuses_login(30s);
  EXPECT_EQ(monitored_->services().at(ServiceName("A")).seen.state, unknown);
  EXPECT_EQ(monitored_->host().error, "the account is locked out");
  is("A", stopped);
  check();
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
  for (const auto* name : {"Fast", "Late", "Lost"}) is(name, stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host"));
  EXPECT_EQ(suppressed().size(), 3) << "the services";
  is("Fast", running);
  check();
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
  for (const auto* name : {"A", "B", "C", "D"}) is(name, running);
  check();
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
  for (const auto* name : {"A", "B", "C", "D"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
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
  is("B", stopped);
  check();
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
  is("A", stopped);
  is("B", stopped);
  check();
  EXPECT_FALSE(last().across_hosts);
  no_answer();
  no_answer(5h);
  pass(5h);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "unreachable host"))
      << "open alerts stay open without reminders";
  is("A", running, 7);
  is("C", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("reachable host", "started A", "stopped C"));
  const auto newest = std::span(all_).last(3);
  EXPECT_TRUE(newest[0].across_hosts);
  EXPECT_TRUE(newest[1].across_hosts);
  EXPECT_FALSE(newest[2].across_hosts) << "the news of an outage";
}

TEST_F(MonitoredHostTest, ManyStopsAtOnceAreNotifiedAtOnce) {
  watch({{.pattern = "*"}});
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
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

TEST_F(MonitoredHostTest, GraceByChecks) {
  watch({{.pattern = "A", .policy = {.grace = {.checks = 3}}}});
  is("A", running);
  check();
  is("A", stopped);
  check();
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
  is("A", running);
  check();
  is("A", stopped);
  check();
  is("A", running);
  check(30s);
  pass(10min);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), ElementsAre("stopped A: not yet for 1 min",
                                        "started A: over before anybody was notified"));
}

TEST_F(MonitoredHostTest, GraceByTimeEndsWithoutACheck) {
  watch({{.pattern = "A", .policy = {.grace = {.time = 1min}}}});
  is("A", running);
  check();
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
  is("A", stopped);
  check();
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
  EXPECT_FALSE(is_resolved(last()));
  is("A", stopped);
  check();
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
  is("A", stopped);
  check();
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
  is("A", running);
  check();
  is("A", overrun);
  check();
  EXPECT_THAT(suppressed(), ElementsAre("overrun A: not yet for 1 min"));
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("overrun A"));
  EXPECT_FALSE(is_resolved(last()));
  is("A", stopped);
  check(1min);
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  EXPECT_EQ(last().from, overrun);
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
}

TEST_F(MonitoredHostTest, AnyStateExpectedStillVanishes) {
  watch({{.pattern = "A", .policy = {.expected = Expected::any}}});
  is("A", running);
  check();
  is("A", stopped);
  check();
  is("A", running);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(suppressed().size(), 2);
  is("A", missing);
  check();
  EXPECT_THAT(notified(), ElementsAre("vanished A"));
}

TEST_F(MonitoredHostTest, QuietExitCodes) {
  watch({{.pattern = "A", .policy = {.quiet_exit_codes = {0, 42}}}});
  is("A", running);
  check();
  is("A", stopped, 0, 42);
  check();
  is("A", running);
  check();
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
  for (const auto* name : {"Named", "Wild1"}) is(name, stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Named"));
  is("Wild1", running);
  check();
  is("Wild1", stopped, 0, 1067);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Wild1")) << "a crash is an alert";
}

TEST_F(MonitoredHostTest, FlappingIsTwoAlerts) {
  watch({{.pattern = "A", .policy = {.flapping = {.start = 4, .stop = 1, .window = 10min}}}});
  is("A", running);
  check();
  for (int i = 0; i < 25; i++) {
    is("A", stopped);
    check(20s);
    is("A", running);
    check(20s);
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
  is("A", running);
  check(20s);
  EXPECT_THAT(notified(), IsEmpty()) << "it goes on flapping";
  is("A", stopped);
  check(20s);
  pass(2min);
  EXPECT_THAT(notified(), IsEmpty()) << "not a second time";
  is("A", running);
  check(20s);
  pass(10min - 140s - 1s);
  EXPECT_THAT(notified(), IsEmpty()) << "good last words wait";
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("steady A"));
  EXPECT_EQ(last().to, running);
  EXPECT_TRUE(is_resolved(last()));
  is("A", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
}

TEST_F(MonitoredHostTest, AFlappingServiceThatEndsBadStaysStopped) {
  watch({{.pattern = "A", .policy = kFlapsSoon}});
  flap("A");
  is("A", stopped);
  check(20s);
  notified();
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  pass(20min);
  EXPECT_THAT(notified(), IsEmpty()) << "it has been told already";
  EXPECT_EQ(monitored_->next_review(now_), Time::max());
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
}

TEST_F(MonitoredHostTest, AServiceThatHasSettledInABadStateIsStopped) {
  auto policy = kFlapsSoon;
  policy.flapping.bad_for = 1h;
  watch({{.pattern = "A", .policy = policy}});
  flap("A");
  is("A", stopped);
  check(20s);
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
  is("A", stopped);
  check(20s);
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
  is("A", running);
  check();
  for (int i = 0; i < 6; i++) {
    is("A", stopped);
    check(20s);
    is("A", running);
    check(20s);
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
  is("A", stopped);
  check(20s);
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

TEST_F(MonitoredHostTest, RepeatedWhileItIsDown) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}}, {.repeat_every = 1h});
  is("A", running);
  check();
  is("A", stopped);
  check();
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
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
  pass(5h);
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(MonitoredHostTest, AReminderThatIsSuppressedIsDueWhenTheSuppressionEnds) {
  watch({{.pattern = "A", .policy = {.repeat_every = 1h}}});
  is("A", running);
  check();
  is("A", stopped);
  check();
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
  is("Back", stopped);
  is("Down", stopped);
  check();
  is("Back", running);
  check();
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
  is("A", running);
  check();
  is("A", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
  silence_ = Suppression{"silenced", now_ + 1h};
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
  is("A", stopped);
  check();
  is("A", running);
  check();
  silence_.reset();
  check(1h);
  EXPECT_THAT(notified(), IsEmpty()) << "what begins and ends in a silence stays untold";
}

TEST_F(MonitoredHostTest, WhatAPatternFoundAndIsGoneIsNotifiedOnceEvenAfterASilence) {
  watch({{.pattern = "A*"}});
  is("A1", running);
  check();
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
  is("Database", stopped);
  is("Engine", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped Database", "stopped Engine"));
  EXPECT_EQ(last().root_cause, ServiceName("Database"));
  is("Proxy", stopped);
  check();
  EXPECT_EQ(last().root_cause, ServiceName("Database")) << "the deepest";
  EXPECT_EQ(last().reason, "it needs DATABASE, which does not run");
}

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
  for (const auto* name : {"Stopped", "Paused", "Gone", "Closed", "Wild1"}) is(name, running);
  check();
  EXPECT_THAT(notified(), ElementsAre("visible Closed", "started Gone", "started Paused",
                                      "started Stopped", "started Wild1"));
  for (const auto& alert : std::span(all_).last(5))
    EXPECT_EQ(alert.for_notified, alert.service != ServiceName("Wild1")) << alert.service.text();
  is("Stopped", stopped);
  check();
  is("Stopped", running);
  check();
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
  is("Hangs", running);
  check();
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
  EXPECT_THAT(suppressed(),
              ElementsAre("stopped Back: not yet seen 2 times",
                          "stopped Ended: exit code 42 is a normal end",
                          "stopped Event: it is started by events, and has ended in good order",
                          "stopped Graced: not yet for 1 min"));
  is("Back", running);
  check();
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
  is("B", stopped);
  check();
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
  is("A", stopped);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_THAT(suppressed(), IsEmpty());
  is("A", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started A"));
  EXPECT_FALSE(last().for_notified);
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

TEST_F(MonitoredHostTest, WhatWaitsWithOthersIsNotifiedAcrossHosts) {
  watch({{.pattern = "Silenced"}, {.pattern = "Graced", .policy = {.grace = {.time = 1min}}}});
  is("Silenced", running, 1);
  is("Graced", running, 2);
  check();
  is("Graced", stopped);
  check();
  pass(1min);
  EXPECT_THAT(notified(), ElementsAre("stopped Graced"));
  EXPECT_FALSE(last().across_hosts) << "a grace is the service's own";
  silence_ = Suppression{"silenced", now_ + 1h};
  is("Silenced", stopped);
  check();
  silence_.reset();
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("stopped Silenced"));
  EXPECT_TRUE(last().across_hosts);
  is("Silenced", running);
  check();
  is("Silenced", stopped);
  check();
  EXPECT_FALSE(last().across_hosts);
}

TEST_F(MonitoredHostTest, AServiceThatWasNeverSeenBeforeIsNotifiedFromItsFirstSightOn) {
  watch({{.pattern = "A"}});
  is("A", unknown);
  check();
  is("A", running);
  check();
  is("A", stopped);
  check();
  EXPECT_THAT(notified(), ElementsAre("stopped A"));
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

TEST_F(MonitoredHostTest, AHostThatAsksAllItsServicesToStopIsAboutToGo) {
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : {"A", "B", "C", "D", "E"}) is(name, running);
  check();
  is("A", stopped);
  for (const auto* name : {"B", "C"}) is(name, stop_pending);
  check();
  EXPECT_THAT(notified(), IsEmpty());
  for (const auto* name : {"B", "C", "D", "E"}) is(name, stopped);
  check(1s);
  EXPECT_THAT(notified(), IsEmpty());
  no_answer();
  no_answer(30s);
  EXPECT_THAT(notified(), ElementsAre("unreachable host"));
}

TEST_F(MonitoredHostTest, ServicesThatHangWhileTheyStopAreNotified) {
  watch({{.pattern = "*", .policy = {.pending_limit = 20s}}}, kStorm);
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
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
  for (const auto* name : {"A", "B", "C", "D"}) is(name, running);
  check();
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
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
  is("A", running);
  check(12s);
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
  is("B", running);
  check();
  EXPECT_THAT(notified(), ElementsAre("started B"));
  EXPECT_FALSE(last().over_already);
}

TEST_F(MonitoredHostTest, WhatStopsAgainInAStormIsNotifiedAsStopped) {
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
  for (const auto state : {running, stopped}) {
    for (const auto* name : {"A", "B", "C"}) is(name, state);
    check(5s);
  }
  pass(20s);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
}

TEST_F(MonitoredHostTest, WhatIsOverInTheCheckThatFollowsAStormIsNotifiedThen) {
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  restart();
  check(35s);
  EXPECT_THAT(notified(), ElementsAre("started A", "started B", "started C"));
  EXPECT_EQ(last().reason, "was stopped for 35 s");
  EXPECT_TRUE(last().over_already);
}

TEST_F(MonitoredHostTest, WhatAlsoAGraceOrASilenceSuppressedStaysUntold) {
  watch({{.pattern = "A*", .policy = {.grace = {.time = 20s}}}, {.pattern = "*"}}, kStorm);
  for (const auto* name : {"A1", "A2", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A1", "A2", "B", "C"}) is(name, stopped);
  check();
  is("A1", running);
  is("B", running);
  check(12s);
  is("A2", running);
  check(13s);
  pass(5s);
  EXPECT_THAT(notified(), ElementsAre("started A2", "started B", "stopped C"));
  is("C", running);
  check(1h);
  notified();
  for (const auto* name : {"A1", "A2", "B", "C"}) is(name, stopped);
  check();
  is("B", running);
  check();
  silence_ = Suppression{"silenced", now_ + 1h};
  pass(30min);
  silence_.reset();
  pass(30min);
  EXPECT_THAT(notified(), ElementsAre("stopped A1", "stopped A2", "stopped C"));
}

TEST_F(MonitoredHostTest, TheHostOfAStormThatGoesIsTheOnlyAlert) {
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) is(name, stopped);
  check();
  is("A", running);
  check(5s);
  no_answer(5s);
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check(1min);
  pass(1h);
  EXPECT_THAT(notified(), ElementsAre("unreachable host", "reachable host"));
}

TEST_F(MonitoredHostTest, PushedChangesWithinHalfASecondCountAsOneCheck) {
  watch({{.pattern = "*"}}, kStorm);
  for (const auto* name : {"A", "B", "C", "D", "E", "F"}) is(name, running);
  check();
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
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
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
  for (const auto* name : {"A", "B", "C"}) is(name, running);
  check();
  for (const auto* name : {"A", "B", "C"}) push(name, stopped, 1ms);
  EXPECT_THAT(notified(), ElementsAre("stopped A", "stopped B", "stopped C"));
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
  for (const auto* name : {"Once", "Twice", "Later", "Daily", "Flappy"}) is(name, running);
  check();
  EXPECT_THAT(waiting(), IsEmpty());
  for (const auto* name : {"Once", "Twice", "Later", "Daily", "Flappy"}) is(name, stopped);
  check();
  EXPECT_THAT(waiting(), testing::Contains("Twice stopped: not yet seen 2 times"));
  is("Flappy", running);
  check(0s);
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

}  // namespace
}  // namespace tocsin
