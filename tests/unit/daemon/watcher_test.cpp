#include "daemon/watcher.h"

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

Seen sees(ServiceState spooler, ServiceState database = running) {
  return std::vector{service("Spooler", spooler, 7), service("MSSQL$X", database, 8)};
}
Seen sees_nothing() { return fail(ErrorKind::timed_out, "no answer within 5 s"); }

TEST_F(DaemonTest, TheFirstCheckIsABaseline) {
  Deps deps(folder_);
  deps.watch(host_, {sees(stopped, missing), sees(stopped, missing)});
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

TEST_F(DaemonTest, AHostThatIsNotReachedIsAnAlertAndItsServicesAreNone) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees_nothing(), sees_nothing(), sees(running)});
  EXPECT_THAT(deps.notified(2), ElementsAre("unreachable ", "reachable "));
  EXPECT_THAT(deps.history(), ElementsAre("unreachable ", "reachable "));
}

TEST_F(DaemonTest, WhatChangedWhileTheHostWasNotReachedIsNotified) {
  Deps deps(folder_);
  deps.watch(host_, {sees(running), sees_nothing(), sees(stopped)});
  EXPECT_THAT(deps.notified(3), ElementsAre("unreachable ", "reachable ", "stopped Spooler"));
}

TEST_F(DaemonTest, ARestartNotifiesOnlyWhatChangedMeanwhile) {
  {
    Deps(folder_).watch(host_, {sees(running, stopped)});
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

}  // namespace
}  // namespace tocsin::daemon
