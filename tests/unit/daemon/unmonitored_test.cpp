#include "daemon/unmonitored.h"

#include <gmock/gmock.h>

#include "daemon/clusters.h"
#include "daemon/fleet.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using enum ServiceState;

Seen database_is(ServiceState state) {
  return std::vector{service("Spooler", running, 7), service("MSSQL$X", state, 8)};
}
Seen is_away() { return fail(ErrorKind::timed_out, "no answer within 5 s"); }

class UnmonitoredTest : public DaemonTest {
 protected:
  void SetUp() override {
    DaemonTest::SetUp();
    host_.services = Watchlist({{.pattern = "Spooler"},
                                {.pattern = "mssql$x",
                                 .friendly_name = "The database",
                                 .policy = {.severity = AlertSeverity::warning}}});
  }
};

TEST_F(UnmonitoredTest, WhatIsNeitherHostNorClusterIsTakenOut) {
  KnownHosts known;
  for (const auto* name : {"host", "cluster", "gone"}) known[HostName(name)];
  const auto gone = take_unmonitored(known, {{.name = HostName("HOST")}, {.name = HostName("new")}},
                                     {{.name = HostName("Cluster")}});
  ASSERT_EQ(gone.size(), 1);
  EXPECT_EQ(gone.begin()->first.text(), "gone");
  EXPECT_EQ(known.size(), 2);
}

TEST_F(UnmonitoredTest, AHostThatWentWhileTocsinDidNotRunIsEndedAndForgotten) {
  {
    Deps before(folder_);
    before.watch(host_, {database_is(running), database_is(stopped)});
    before.watch(host_, {is_away(), is_away()});
    before.pass(1min);
    before.watch(host_, {is_away()});
    ASSERT_THAT(before.notified(2), ElementsAre("stopped mssql$x", "unreachable "));
  }
  Deps deps(folder_);
  auto known = deps.load_states();
  deps.loop_.run_until_done(end_unmonitored(take_unmonitored(known, {}, {}), deps.journal(),
                                            deps.clock_, deps.log_, platform::system_random()));
  ASSERT_THAT(deps.notified(2), UnorderedElementsAre("unmonitored ", "unmonitored mssql$x"));
  for (const auto& alert : deps.notified_) {
    if (is_about_host(alert)) continue;
    EXPECT_EQ(alert.service.text(), "mssql$x") << "as it was notified";
    EXPECT_EQ(alert.friendly_name, "The database");
    EXPECT_EQ(alert.severity, AlertSeverity::warning);
    EXPECT_EQ(alert.from, stopped);
  }
  EXPECT_THAT(deps.load_states(), IsEmpty());
}

TEST_F(UnmonitoredTest, AHostThatIsRetiredIsEndedAndForgotten) {
  Deps deps(folder_);
  net::Semaphore checks(deps.loop_.executor(), 1);
  std::deque<Seen> script{database_is(running), database_is(stopped)};
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, script));
  fleet.set_hosts({host_}, {});
  ASSERT_THAT(deps.notified(1), ElementsAre("stopped mssql$x"));
  EXPECT_NE(fleet.find(host_.name), nullptr);
  fleet.set_hosts({}, {});
  ASSERT_THAT(deps.notified(2), ElementsAre("stopped mssql$x", "unmonitored mssql$x"));
  EXPECT_THAT(deps.load_states(), IsEmpty());
  EXPECT_EQ(fleet.find(host_.name), nullptr);
  deps.loop_.run_until_done(fleet.stop());
}

TEST_F(UnmonitoredTest, AHostThatIsNamedAgainBeforeItsEndGoesOn) {
  Deps deps(folder_);
  net::Semaphore checks(deps.loop_.executor(), 1);
  std::deque<Seen> script{database_is(running), database_is(stopped)};
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, script));
  fleet.set_hosts({host_}, {});
  ASSERT_THAT(deps.notified(1), ElementsAre("stopped mssql$x"));
  fleet.set_hosts({}, {});
  EXPECT_EQ(fleet.set_hosts({host_}, {}).come, 0);
  script = {database_is(running)};
  ASSERT_THAT(deps.notified(2), ElementsAre("stopped mssql$x", "started mssql$x"));
  fleet.set_hosts({}, {});
  deps.pass(20s);
  EXPECT_THAT(deps.load_states(), IsEmpty());
  EXPECT_EQ(deps.notified_.size(), 2) << "nothing fired";
  deps.loop_.run_until_done(fleet.stop());
}

TEST_F(UnmonitoredTest, AHostThatIsNamedAgainWhileItsEndIsStoredBeginsAnew) {
  Deps deps(folder_);
  net::Semaphore checks(deps.loop_.executor(), 1);
  std::deque<Seen> script{database_is(running), database_is(stopped)};
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, script));
  fleet.set_hosts({host_}, {});
  ASSERT_THAT(deps.notified(1), ElementsAre("stopped mssql$x"));
  {
    const auto slot = deps.loop_.run_until_done(deps.journal().pause());
    fleet.set_hosts({}, {});
    deps.pass(20s);
    EXPECT_EQ(fleet.set_hosts({host_}, {}).come, 0);
  }
  ASSERT_THAT(deps.notified(3),
              ElementsAre("stopped mssql$x", "unmonitored mssql$x", "stopped mssql$x"))
      << "at its first sight";
  EXPECT_EQ(deps.load_states().size(), 1) << "it is checked again";
  deps.loop_.run_until_done(fleet.stop());
}

TEST_F(UnmonitoredTest, ADestinationThatWasNotNotifiedHearsOfNoEnd) {
  {
    Deps before(folder_, {.level = config::LogLevel::error}, "other:1");
    before.watch(host_, {database_is(running), database_is(stopped)});
    ASSERT_THAT(before.notified(1), ElementsAre("stopped mssql$x"));
  }
  Deps deps(folder_);
  deps.loop_.run_until_done(end_unmonitored(deps.load_states(), deps.journal(), deps.clock_,
                                            deps.log_, platform::system_random()));
  deps.pass(1s);
  EXPECT_THAT(deps.notified(0), IsEmpty());
  EXPECT_THAT(deps.history(), Contains("unmonitored mssql$x"));
}

TEST_F(UnmonitoredTest, AClusterThatIsGoneIsEndedAndForgotten) {
  Deps deps(folder_);
  const auto random = platform::system_random();
  Clusters clusters(deps.loop_.executor(), {.journal = deps.journal(),
                                            .clock = deps.clock_,
                                            .log = deps.log_,
                                            .random = random,
                                            .silences = deps.silences_,
                                            .acks = deps.acks_,
                                            .status = deps.status_});
  net::TaskScope tasks(deps.loop_.executor());
  tasks.spawn(clusters.run());
  Clusters::Known known;
  clusters.set_clusters({{.name = HostName("pair"),
                          .hosts = {host_.name},
                          .services = Watchlist({{.pattern = "mssql$x"}}),
                          .rule = {.least = 1}}},
                        known);
  MonitoredHost member(host_.name, {.services = host_.services, .policy = {}}, {});
  const auto check = [&](ServiceState state) {
    (void)member.apply({host_.name, deps.clock_.now(), database_is(state)});
    clusters.update(member);
    deps.pass(1s);
  };
  check(running);
  check(stopped);
  ASSERT_THAT(deps.notified(1), ElementsAre("stopped mssql$x"));
  EXPECT_NE(clusters.find(HostName("PAIR"))->firing_since(ServiceName("mssql$x")), std::nullopt);
  clusters.set_clusters({}, known);
  ASSERT_THAT(deps.notified(2), ElementsAre("stopped mssql$x", "unmonitored mssql$x"));
  EXPECT_EQ(deps.notified_.back().host.text(), "pair");
  EXPECT_EQ(clusters.find(HostName("pair")), nullptr);
  EXPECT_THAT(deps.load_states(), IsEmpty());
  tasks.cancel();
  deps.loop_.run_until_done(tasks.join());
}

}  // namespace
}  // namespace tocsin::daemon
