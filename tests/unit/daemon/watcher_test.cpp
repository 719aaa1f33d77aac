#include "daemon/watcher.h"

#include <gmock/gmock.h>

#include "store/reader.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum ServiceState;

Seen sees(ServiceState spooler, ServiceState database = running) {
  return std::vector{service("Spooler", spooler, 7), service("MSSQL$X", database, 8)};
}
Seen sees_nothing() { return fail(ErrorKind::timed_out, "no answer within 5 s"); }

TEST_F(DaemonTest, NamedServicesThatAreBadAtTheFirstCheckAreNotifiedOnce) {
  Deps deps(folder_);
  deps.watch(host_, {sees(stopped, missing), sees(stopped, missing)});
  EXPECT_THAT(deps.notified(2), ElementsAre("vanished mssql$x", "stopped Spooler"));
}

TEST_F(DaemonTest, AQuietFirstCheckIsABaseline) {
  host_.services =
      Watchlist({{.pattern = "Spooler", .policy = {.first_sight = FirstSight::quiet}}});
  Deps deps(folder_);
  deps.watch(host_, {sees(stopped), sees(stopped)});
  EXPECT_THAT(deps.notified(0), IsEmpty());
  EXPECT_THAT(deps.history(), IsEmpty());
}

TEST_F(DaemonTest, ChangesAreNotifiedOnceAndInOrder) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees(stopped), sees(stopped), sees(running)});
  EXPECT_THAT(deps.notified(2), ElementsAre("stopped Spooler", "started Spooler"));
  EXPECT_THAT(deps.history(), ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, AnAlertHasTheNameAsConfiguredAndTheDetails) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees(running, paused)});
  ASSERT_THAT(deps.notified(1), ElementsAre("paused mssql$x"));
  EXPECT_EQ(deps.notified_[0].details.display_name, "MSSQL$X display");
  EXPECT_EQ(deps.notified_[0].from, running);
  EXPECT_EQ(deps.notified_[0].to, paused);
  EXPECT_EQ(deps.notified_[0].host.text(), "node1");
}

TEST_F(DaemonTest, WhatIsSeenBecomesATimeline) {
  Deps deps(folder_);
  const auto begun = deps.clock_.now();
  deps.watch(host_, {sees(running), sees(start_pending), sees_nothing(), sees_nothing(),
                     sees(running, missing)});
  auto reader = store::Reader::open(folder_).value();
  const auto rows = reader.timeline(
      {.host = host_.name, .from = begun, .to = deps.clock_.now() + 1s, .points = 100});
  std::vector<std::string> drawn;
  for (const auto& row : rows.value()) {
    drawn.push_back(row.service.text() + " ");
    for (const auto& [at, state] : row.states) drawn.back() += state ? row_of(*state).letter : '.';
  }
  EXPECT_THAT(drawn, ElementsAre(" rur", "MSSQL$X rum", "Spooler rbur"));
}

TEST_F(DaemonTest, AHostThatIsNotReachedIsAnAlertAndItsServicesAreNone) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees_nothing(), sees_nothing(), sees(running)});
  EXPECT_THAT(deps.notified(2), ElementsAre("unreachable ", "reachable "));
  EXPECT_THAT(deps.history(), ElementsAre("unreachable ", "reachable "));
}

TEST_F(DaemonTest, WhatThisMachineLacksIsNoFaultOfTheHost) {
  const Seen lacks = fail(ErrorKind::exhausted, "node1: tocsin may not open any more files");
  Deps deps(folder_);
  deps.watch(host_, {sees(running), lacks, lacks, lacks, sees(stopped)});
  EXPECT_THAT(deps.notified(1), ElementsAre("stopped Spooler"));
  EXPECT_THAT(deps.history(), ElementsAre("stopped Spooler"));
  EXPECT_THAT(deps.metrics_.text({}),
              AllOf(HasSubstr(R"(tocsin_checks_total{host="node1",outcome="exhausted"} 3)"),
                    HasSubstr(R"(tocsin_host_reached{host="node1"} 1)")));
}

TEST_F(DaemonTest, ADroppedConnectionIsNoOutage) {
  Deps deps(folder_);
  const auto begin = deps.clock_.now();
  deps.watch(host_, {sees(running), sees_nothing(), sees(running, stopped)});
  EXPECT_EQ(deps.clock_.now() - begin, 3500ms) << "tried once more, half a second later";
  EXPECT_THAT(deps.notified(1), ElementsAre("stopped mssql$x")) << "what the second try observed";
  EXPECT_THAT(deps.history(), ElementsAre("stopped mssql$x"));
}

TEST_F(DaemonTest, OnlyWhatADroppedConnectionMayBeIsTriedOnceMore) {
  const auto took = [this](Duration each, std::deque<Seen> script) {
    Deps deps(folder_);
    deps.check_takes_ = each;
    const auto begin = deps.clock_.now();
    deps.watch(host_, std::move(script));
    return deps.clock_.now() - begin;
  };
  EXPECT_EQ(took({}, {sees_nothing(), sees_nothing()}), 2s) << "it was never reached";
  EXPECT_EQ(took({}, {sees(running), fail(ErrorKind::login_refused, "no")}), 2s);
  EXPECT_EQ(took({}, {sees(running), fail(ErrorKind::unreachable, "going down", 1115)}), 2s);
  EXPECT_EQ(took({}, {sees(running), sees_nothing(), sees_nothing(), sees_nothing()}), 4500ms)
      << "once, and not while it is not reached";
  EXPECT_EQ(took(2s, {sees(running), sees_nothing()}), 6s) << "no dropped connection takes so long";
  EXPECT_EQ(took(1s, {sees(running), sees_nothing()}), 5500ms);
}

TEST_F(DaemonTest, WhatChangedWhileTheHostWasNotReachedIsNotified) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees_nothing(), sees_nothing(), sees(stopped)});
  EXPECT_THAT(deps.notified(3), ElementsAre("unreachable ", "reachable ", "stopped Spooler"));
}

TEST_F(DaemonTest, ARestartNotifiesOnlyWhatChangedMeanwhile) {
  {
    Deps first(folder_);
    first.watch(host_, {sees(running, stopped)});
    EXPECT_THAT(first.notified(1), ElementsAre("stopped mssql$x"));
  }
  {
    Deps again(folder_);
    again.watch(host_, {sees(running, stopped)});
    EXPECT_THAT(again.notified(0), IsEmpty());
  }
  Deps once_more(folder_);
  once_more.watch(host_, {sees(stopped, stopped)});
  EXPECT_THAT(once_more.notified(1), ElementsAre("stopped Spooler"));
}

TEST_F(DaemonTest, APushedChangeIsNotifiedAtOnce) {
  Deps deps(folder_);
  EXPECT_THAT(deps.watch_until_notified(
                  2, host_, {sees(running)},
                  {.services = {service("Spooler", stopped), service("Spooler", running, 9),
                                service("NotWatched", stopped)}}),
              ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, WhatWasPushedDuringACheckComesBeforeWhatTheCheckSaw) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees(running)},
             {.services = {service("Spooler", stopped), service("Spooler", running, 7)}});
  EXPECT_THAT(deps.notified(2), ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, APushedStateThatIsKnownIsNoTransition) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees(stopped)},
             {.services = {service("Spooler", running, 7), service("Spooler", stopped)}});
  EXPECT_THAT(deps.notified(1), ElementsAre("stopped Spooler"));
  EXPECT_THAT(deps.history(), ElementsAre("stopped Spooler"));
}

TEST_F(DaemonTest, APushedChangeThatOnlyACheckCanExplainBringsOneBeforeItIsDue) {
  host_.name = HostName("impatient");
  Deps deps(folder_);
  const auto begin = deps.clock_.now();
  EXPECT_THAT(
      deps.watch_until_notified(1, host_, {sees(running), sees(missing)}, {.check_again = true}),
      ElementsAre("vanished Spooler"));
  EXPECT_LT(deps.clock_.now() - begin, std::chrono::seconds(1)) << "it is due once a minute";
}

TEST_F(DaemonTest, AClockThatIsSetMakesNoGraceShorterOrLonger) {
  host_.services =
      Watchlist({{.pattern = "Spooler", .policy = {.grace = {.checks = 1, .time = 90s}}}});
  for (const Duration set_by : {Duration(1h), Duration(-1h)}) {
    Deps deps(folder_);
    net::Semaphore checks(deps.loop_.executor(), 1);
    std::deque<Seen> script{sees(stopped)};
    Watcher watcher(host_, {}, Deps::shared(deps.watcher_deps(checks, script)));
    net::TaskScope task(deps.loop_.executor());
    task.spawn(watcher.run());
    deps.pass(30s);
    deps.clock_.set_clock(set_by);
    deps.pass(59s);
    EXPECT_THAT(deps.notified(0), IsEmpty());
    deps.pass(2s);
    EXPECT_THAT(deps.notified(0), ElementsAre("stopped Spooler"));
    task.cancel();
    deps.loop_.run_until_done(task.join());
  }
}

}  // namespace
}  // namespace tocsin::daemon
