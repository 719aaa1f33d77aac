// When a check brings nothing because it is the same as the last one, and when it must not.
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "pretend_host.h"

namespace tocsin::probe {
namespace {

using simulate::Action;
using testing::SizeIs;
using enum ServiceState;

constexpr auto kWatched = "QlikSenseEngineService";

class SmbRecheck : public PretendHostTest {
 protected:
  SmbRecheck() { host.push = false; }
  /// As many services as it brings; nothing: it is the same as the last one.
  std::optional<std::size_t> recheck() {
    const auto seen = loop.run_until_done(probe->recheck(soon()));
    EXPECT_TRUE(seen) << seen.error().what;
    if (!seen || !*seen) return std::nullopt;
    return (*seen)->size();
  }
  /// Its services are watched by a pattern, all is known, and a check brings nothing new.
  void settle(const std::vector<std::string>& patterns = {"Qlik*"}) {
    watch(patterns);
    states();
    (void)recheck();
    ASSERT_EQ(recheck(), std::nullopt);
  }
};

TEST_F(SmbRecheck, BringsNothingWhereNothingHasChanged) {
  start();
  watch({"Qlik*"});
  EXPECT_EQ(recheck(), 8) << "nobody knows the last one";
  EXPECT_EQ(recheck(), std::nullopt);
  EXPECT_THAT(*check_states(), SizeIs(8)) << "a check brings all";
  EXPECT_EQ(recheck(), std::nullopt);
  EXPECT_EQ(probe->last_check().listed, 20);
}

TEST_F(SmbRecheck, BringsAChangeOfState) {
  start();
  settle();
  happen(Action::stop, kWatched);
  EXPECT_EQ(recheck(), 8);
}

TEST_F(SmbRecheck, BringsANewProcess) {
  start();
  settle();
  happen(Action::restart, kWatched);
  EXPECT_EQ(recheck(), 8);
}

TEST_F(SmbRecheck, BringsNothingOfWhatIsNotWatched) {
  start();
  settle();
  happen(Action::start, "ALG");
  EXPECT_EQ(recheck(), std::nullopt);
}

TEST_F(SmbRecheck, BringsServicesThatComeAndGo) {
  start();
  settle();
  happen(Action::install, "QlikNew");
  EXPECT_EQ(recheck(), 9);
  EXPECT_EQ(recheck(), std::nullopt);
  happen(Action::uninstall, "QlikNew");
  EXPECT_EQ(recheck(), 8);
}

TEST_F(SmbRecheck, BringsSignsOfABoot) {
  start({.services = 250});
  settle();
  happen(Action::restart, "RpcSs");
  EXPECT_EQ(recheck(), 8);
}

TEST_F(SmbRecheck, BringsAllOverANewSession) {
  start();
  settle();
  for (const bool lost : {true, false}) {
    if (lost)
      relay->cut();
    else
      loop.run_until_done(probe->close(soon()));
    EXPECT_EQ(recheck(), 8);
    EXPECT_EQ(recheck(), std::nullopt);
  }
}

TEST_F(SmbRecheck, BringsAllAfterACheckThatFailed) {
  start();
  settle();
  happen(simulate::Reachability::down);
  EXPECT_FALSE(loop.run_until_done(probe->recheck(soon())));
  happen(simulate::Reachability::up);
  EXPECT_EQ(recheck(), 8);
}

TEST_F(SmbRecheck, BringsDetailsThatWereRead) {
  start();
  settle();
  happen(Action::restart, kWatched);
  EXPECT_EQ(recheck(), 8);
  EXPECT_THAT(*read_details(), SizeIs(1));
  EXPECT_EQ(recheck(), 8);
  EXPECT_EQ(recheck(), std::nullopt);
}

TEST_F(SmbRecheck, BringsTheAnswerAboutWhatTheListLacks) {
  start();
  settle({"Qlik*", "NoSuchService"});
  clock.advance(options.absent_age);
  EXPECT_EQ(recheck(), 9);
  EXPECT_EQ(recheck(), std::nullopt);
}

TEST_F(SmbRecheck, BringsWhatIsWatchedNow) {
  start();
  settle();
  host.services = Watchlist({{.pattern = "*"}});
  ASSERT_TRUE(probe->set_watchlist());
  EXPECT_EQ(recheck(), 20);
  EXPECT_EQ(recheck(), std::nullopt);
}

TEST_F(SmbRecheck, LeavesOutOnceWhatIsNotWatchedAfterAll) {
  start();
  watch(Watchlist(
      {{.pattern = "A*", .automatic_only = true}, {.pattern = "Qlik*", .automatic_only = true}}));
  const auto undecided = check()->size();
  const auto with_start_modes = recheck();
  EXPECT_EQ(with_start_modes, undecided) << "brought once more";
  EXPECT_EQ(recheck(), 8);
  EXPECT_EQ(recheck(), std::nullopt);
}

class SmbRecheckOfATellingHost : public SmbRecheck {
 protected:
  SmbRecheckOfATellingHost() { host.push = true; }
  /// Until the host tells of changes.
  void listen_until_it_tells() {
    for (const auto end = soon(); net::MonotonicClock::now() < end;) {
      loop.run_until_done(probe->listen(net::within(std::chrono::milliseconds(1))));
      (void)probe->take_pushed();
      if (loop.run_until_done(probe->has_pulse(soon()))) return;
    }
    FAIL() << "not all services are listened to";
  }
};

TEST_F(SmbRecheckOfATellingHost, BringsWhomToListenToUntilItTellsOfAll) {
  start();
  watch({"Qlik*"});
  states();
  EXPECT_EQ(recheck(), 8);
  EXPECT_EQ(recheck(), 8);
  listen_until_it_tells();
  (void)recheck();
  EXPECT_EQ(recheck(), std::nullopt);
  EXPECT_TRUE(loop.run_until_done(probe->has_pulse(soon())));
}

TEST_F(SmbRecheckOfATellingHost, BringsAllAfterWhatWasPushed) {
  start({.services = 250});
  watch({"Qlik*", "Winmgmt"});
  states();
  listen_until_it_tells();
  (void)recheck();
  ASSERT_EQ(recheck(), std::nullopt);
  happen(Action::pause, "Winmgmt");
  loop.run_until_done(probe->listen(soon()));
  EXPECT_FALSE(probe->take_pushed().services.empty());
  happen(Action::resume, "Winmgmt");
  EXPECT_EQ(recheck(), 9) << "as the last check, but not as what was pushed since";
}

}  // namespace
}  // namespace tocsin::probe
