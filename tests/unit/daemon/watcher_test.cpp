#include "daemon/watcher.h"

#include <gmock/gmock.h>

#include "unit/daemon/rooms.h"

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

Seen sees(ServiceState spooler, ServiceState database = running) {
  return std::vector{service("Spooler", spooler, 7), service("MSSQL$X", database, 8)};
}
Seen sees_nothing() { return fail(Kind::timed_out, "no answer within 5 s"); }

TEST_F(DaemonTest, TheFirstLookIsABaseline) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(stopped, missing), sees(stopped, missing)});
  EXPECT_THAT(rooms.told(0), IsEmpty());
  EXPECT_THAT(rooms.history(), IsEmpty());
}

TEST_F(DaemonTest, ChangesAreToldOnceAndInOrder) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees(stopped), sees(stopped), sees(running)});
  EXPECT_THAT(rooms.told(2), ElementsAre("stopped Spooler", "started Spooler"));
  EXPECT_THAT(rooms.history(), ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, AnAlertHasTheNameAsConfiguredAndTheDetails) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees(running, paused)});
  ASSERT_THAT(rooms.told(1), ElementsAre("paused mssql$x"));
  EXPECT_EQ(rooms.told_[0].details.display_name, "MSSQL$X display");
  EXPECT_EQ(rooms.told_[0].from, running);
  EXPECT_EQ(rooms.told_[0].to, paused);
  EXPECT_EQ(rooms.told_[0].host.text(), "node1");
}

TEST_F(DaemonTest, AHostThatIsNotReachedIsHistoryAndNoService) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees_nothing(), sees_nothing(), sees(running)});
  EXPECT_THAT(rooms.told(0), IsEmpty());
  EXPECT_THAT(rooms.history(), ElementsAre("unreachable ", "reachable "));
}

TEST_F(DaemonTest, WhatChangedWhileTheHostWasNotReachedIsTold) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees_nothing(), sees(stopped)});
  EXPECT_THAT(rooms.told(1), ElementsAre("stopped Spooler"));
}

TEST_F(DaemonTest, ARestartTellsOnlyWhatChangedMeanwhile) {
  {
    Rooms(folder_).watch(host_, {sees(running, stopped)});
  }
  {
    Rooms again(folder_);
    again.watch(host_, {sees(running, stopped)});
    EXPECT_THAT(again.told(0), IsEmpty());
  }
  Rooms once_more(folder_);
  once_more.watch(host_, {sees(stopped, stopped)});
  EXPECT_THAT(once_more.told(1), ElementsAre("stopped Spooler"));
}

TEST_F(DaemonTest, WhatAHostSaysByItselfIsToldAtOnce) {
  Rooms rooms(folder_);
  EXPECT_THAT(rooms.watch_until_told(
                  2, host_, {sees(running)},
                  {.services = {service("Spooler", stopped), service("Spooler", running, 9),
                                service("NotWatched", stopped)}}),
              ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, WhatWasHeardDuringACheckComesBeforeWhatTheCheckSaw) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees(running)},
              {.services = {service("Spooler", stopped), service("Spooler", running, 7)}});
  EXPECT_THAT(rooms.told(2), ElementsAre("stopped Spooler", "started Spooler"));
}

TEST_F(DaemonTest, TheStateThatIsKnownIsNoNews) {
  Rooms rooms(folder_);
  rooms.watch(host_, {sees(running), sees(stopped)},
              {.services = {service("Spooler", running, 7), service("Spooler", stopped)}});
  EXPECT_THAT(rooms.told(1), ElementsAre("stopped Spooler"));
  EXPECT_THAT(rooms.history(), ElementsAre("stopped Spooler"));
}

TEST_F(DaemonTest, AWordThatOnlyACheckCanExplainBringsACheckBeforeItIsDue) {
  host_.name = HostName("impatient");
  Rooms rooms(folder_);
  // The schedule is every minute of a clock that stands still: without the word nothing would come.
  EXPECT_THAT(
      rooms.watch_until_told(1, host_, {sees(running), sees(missing)}, {.look_again = true}),
      ElementsAre("vanished Spooler"));
}

}  // namespace
}  // namespace tocsin::daemon
