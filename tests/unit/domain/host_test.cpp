// Whether a host has booted, by what its checks bring.
#include "domain/host.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/monitored_host.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr BootSigns kBoot{.processes = {904, 904, 780, 1024, 700}};
constexpr BootSigns kNextBoot{.processes = {912, 912, 788, 1040, 700}};
constexpr BootSigns kNoSigns{};

class BootTest : public testing::Test {
 protected:
  void watch(const std::vector<std::string>& names) {
    std::vector<WatchedService> services;
    services.reserve(names.size());
    for (const auto& name : names) {
      services.push_back({.pattern = name});
      start(name);
    }
    rules_.services = Watchlist(std::move(services));
    begin({});
  }
  /// In a new process.
  void start(const std::string& name) {
    seen_[ServiceName(name)] = {.state = running, .process_id = next_process_ += 4};
  }
  void stop(const std::string& name) { seen_[ServiceName(name)] = {.state = stopped}; }
  void start_all() {
    for (auto& [name, status] : seen_) start(name.text());
  }
  void check(const BootSigns& boot) {
    now_ += 10s;
    std::vector<ObservedService> services;
    services.reserve(seen_.size());
    for (const auto& [name, status] : seen_) services.push_back({name, status, {}});
    note(monitored_->apply({HostName("node1"), now_, std::move(services), boot}));
  }
  void be_away(Duration time) {
    for (const auto end = now_ + time; now_ < end;) {
      now_ += 10s;
      note(monitored_->apply({HostName("node1"), now_, fail(ErrorKind::timed_out, "no answer")}));
    }
  }
  void pass(Duration time) {
    now_ += time;
    note(monitored_->pass(now_));
  }
  /// tocsin ends, and starts again after that time.
  void restart_tocsin(Duration after) {
    begin({monitored_->host(), monitored_->services()});
    now_ += after;
  }
  /// "stopped A", "reachable: its reason" since the last question.
  std::vector<std::string> notified() { return std::exchange(notified_, {}); }

  std::optional<MonitoredHost> monitored_;
  Time now_{Duration{1'700'000'000'000}};

 private:
  void begin(MonitoredHost::Known known) {
    monitored_.emplace(HostName("node1"), rules_, std::move(known));
  }
  void note(const MonitoredHost::Outcome& outcome) {
    for (const auto& alert : outcome.alerts) {
      if (!alert.suppressed.empty()) continue;
      notified_.push_back(std::string(kind_word(alert)) + (is_about_host(alert)
                                                               ? ": " + alert.reason
                                                               : " " + alert.service.text()));
    }
  }

  MonitoredHost::Rules rules_;
  std::map<ServiceName, ServiceStatus> seen_;
  std::vector<std::string> notified_;
  std::uint32_t next_process_ = 2000;
};

const std::string kRebooted =
    "rebooted: the processes of its services are new, all its watched services are as expected";

TEST_F(BootTest, AllWatchedServicesRestartedInOneCheckAreNoReboot) {
  watch({"A", "B", "C"});
  check(kBoot);
  start_all();
  check(kBoot);
  EXPECT_THAT(notified(), ElementsAre("restarted A", "restarted B", "restarted C"));
  stop("A");
  check(kBoot);
  EXPECT_THAT(notified(), ElementsAre("stopped A")) << "at once: no boot grace suppresses it";
}

TEST_F(BootTest, AHostThatWasAwayWhileItsOneServiceRestartedWasNotRebooted) {
  watch({"A"});
  check(kBoot);
  be_away(50s);
  notified();
  stop("A");
  check(kBoot);
  EXPECT_THAT(notified(),
              ElementsAre("reachable: it was away for 50 s, not as expected: A", "stopped A"));
}

TEST_F(BootTest, AnAbsenceInWhichOneServiceOfManyRestartedIsNoReboot) {
  watch({"A", "B"});
  check(kBoot);
  be_away(50s);
  notified();
  start_all();
  check({.processes = {904}});  // RpcSs alone was asked for
  EXPECT_THAT(notified(), ElementsAre("reachable: it was away for 50 s, all its watched services "
                                      "are as expected",
                                      "restarted A", "restarted B"));
}

TEST_F(BootTest, ARebootIsOneAlertAndWhatIsStillDownWaitsForItsGrace) {
  watch({"A", "B"});
  check(kBoot);
  be_away(50s);
  notified();
  start("A");
  stop("B");
  check(kNextBoot);
  EXPECT_THAT(notified(), ElementsAre("reachable: it was restarted, it was away for 50 s, not as "
                                      "expected: B"));
  pass(3min - 1s);
  EXPECT_THAT(notified(), IsEmpty());
  pass(1s);
  EXPECT_THAT(notified(), ElementsAre("stopped B"));
}

TEST_F(BootTest, ARebootThatNoCheckFoundAwayIsRecognisedThoughFewServicesAreWatched) {
  watch({"A"});
  check(kBoot);
  start_all();
  check(kNextBoot);
  EXPECT_THAT(notified(), ElementsAre(kRebooted));
  check(kNextBoot);
  EXPECT_THAT(notified(), IsEmpty());
}

TEST_F(BootTest, ABootWhileTocsinWasAwayCounts) {
  watch({"A"});
  check(kBoot);
  restart_tocsin(1min);
  start_all();
  check({.processes = {912}});
  EXPECT_THAT(notified(), ElementsAre(kRebooted));
  restart_tocsin(1min);
  check(kNextBoot);
  EXPECT_THAT(notified(), IsEmpty()) << "of the old run nothing is left";
}

TEST_F(BootTest, OnItsOwnMachineTocsinStartsWithTheSystem) {
  watch({"A", "B"});
  check({.booted_at = now_ - 24h});
  restart_tocsin(5min);
  const auto booted_at = now_ - 1min;
  start("A");
  stop("B");
  check({.booted_at = booted_at});
  EXPECT_EQ(notified().size(), 1U);
  EXPECT_EQ(monitored_->host().booted_at, booted_at) << "the grace counts from there";
  check({.booted_at = booted_at + 30s});
  EXPECT_THAT(notified(), IsEmpty()) << "its clock was corrected";
}

TEST_F(BootTest, AClockThatWasSetIsNoBoot) {
  watch({"A"});
  auto signs = kBoot;
  signs.booted_at = now_ - 24h;
  check(signs);
  now_ += 2h;
  signs.booted_at += 2h;
  restart_tocsin(1min);
  check(signs);
  EXPECT_THAT(notified(), IsEmpty());
  EXPECT_EQ(monitored_->host().boot.booted_at, signs.booted_at);
}

TEST_F(BootTest, WhereNothingTellsTheWatchedServicesDo) {
  watch({"A", "B", "C"});
  check(kNoSigns);
  start_all();
  check(kNoSigns);
  EXPECT_THAT(notified(), ElementsAre(kRebooted));
}

TEST_F(BootTest, ACheckWithoutSignsForgetsNone) {
  watch({"A"});
  check(kBoot);
  check(kNoSigns);
  start_all();
  check(kNextBoot);
  EXPECT_THAT(notified(), ElementsAre(kRebooted));
}

TEST(HasBooted, OneProcessMayHaveItsOldNumberByChance) {
  EXPECT_EQ(has_booted(kBoot, kNextBoot), true);
  EXPECT_EQ(has_booted(kBoot, kBoot), false);
  EXPECT_EQ(has_booted(kBoot, {.processes = {0, 0, 0, 0, 700}}), false);
  EXPECT_EQ(has_booted(kBoot, kNoSigns), std::nullopt);
  EXPECT_EQ(has_booted(kNoSigns, kBoot), std::nullopt);
}

TEST(BootService, IsFoundInWhateverCase) {
  EXPECT_EQ(find_boot_service(ServiceName("RPCSS")), BootService::rpc_ss);
  EXPECT_EQ(find_boot_service(ServiceName("EventLog")), std::nullopt) << "it may be restarted";
}

}  // namespace
}  // namespace tocsin
