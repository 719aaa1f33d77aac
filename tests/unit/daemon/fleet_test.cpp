#include "daemon/fleet.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

/// Hosts that are watched by a fleet until each was asked several times.
class FleetTest : public DaemonTest {
 protected:
  /// What hosts answer from the start on: the last one for ever.
  std::map<std::string, std::deque<Seen>> scripts_;

  /// The notices of the alerts, in their order.
  std::vector<std::string> notices() {
    Deps deps(folder_);
    net::Semaphore checks(deps.loop_.executor(), 1);
    Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, [this](const auto& host) {
      return std::make_unique<ScriptedProbe>(scripts_.at(host.name.text()));
    }));
    std::vector<config::Host> hosts;
    for (const auto& [name, script] : scripts_) {
      host_.name = HostName(name);
      hosts.push_back(host_);
    }
    fleet.set_hosts(hosts, {});
    deps.pass(5min);
    deps.loop_.run_until_done(fleet.stop());
    std::vector<std::string> all;
    all.reserve(deps.notified_.size());
    for (const auto& alert : deps.notified_) all.push_back(alert.notice);
    return all;
  }
};

Seen runs() { return std::vector{service("Spooler", running, 7), service("mssql$x", running, 8)}; }
Seen is_lost() { return fail(ErrorKind::timed_out, "no answer within 5 s"); }

TEST_F(FleetTest, SaysThatItReachesNoneOfItsHosts) {
  scripts_ = {{"a", {runs(), is_lost()}}, {"b", {runs(), is_lost()}}};
  EXPECT_THAT(notices(),
              ElementsAre("", "tocsin reaches none of its 2 hosts: check its own network first"));
}

TEST_F(FleetTest, SaysNothingWhileItReachesAHost) {
  scripts_ = {{"a", {runs(), is_lost()}}, {"b", {runs()}}, {"c", {runs(), is_lost()}}};
  EXPECT_THAT(notices(), ElementsAre("", ""));
}

TEST_F(FleetTest, SaysNothingOfOneHost) {
  scripts_ = {{"a", {runs(), is_lost()}}};
  EXPECT_THAT(notices(), ElementsAre(""));
}

TEST_F(FleetTest, ReachesAHostThatRefusesTheLogin) {
  scripts_ = {{"a", {runs(), is_lost()}},
              {"b", {runs(), fail(ErrorKind::login_refused, "the account is locked out")}}};
  EXPECT_THAT(notices(), ElementsAre(""));
}

TEST_F(FleetTest, AHostThatIsRetiredBeforeItsFirstCheckIsNotWaitedFor) {
  std::deque<Seen> script{runs()};
  Deps deps(folder_);
  net::Semaphore checks(deps.loop_.executor(), 1);
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, script));
  const auto gone = config::Host{.name = HostName("gone"), .address = "gone"};
  fleet.set_hosts({host_, gone}, {});
  fleet.set_hosts({host_}, {});
  const auto begun = deps.clock_.now();
  deps.loop_.run_until_done(fleet.wait_for_first_checks(net::within(1min)));
  EXPECT_LT(deps.clock_.now() - begun, 1min);
  EXPECT_EQ(fleet.find_gaps().hosts, 0);
  deps.loop_.run_until_done(fleet.stop());
}

/// A host that is asked so rarely that nothing else ends its pause.
class RestingFleet : public DaemonTest {
 protected:
  RestingFleet() {
    host_.frequency = Schedule::parse("every 1 hour").value();
    fleet_.set_hosts({host_}, {});
    deps_.pass(1min);
  }
  ~RestingFleet() override { deps_.loop_.run_until_done(fleet_.stop()); }

  std::deque<Seen> script_{runs(), runs()};
  Deps deps_{folder_};
  net::Semaphore checks_{deps_.loop_.executor(), 1};
  Fleet fleet_{deps_.loop_.executor(), deps_.watcher_deps(checks_, script_)};
};

TEST_F(RestingFleet, ChecksWhenTheClockIsSetBeyondTheNextCheck) {
  EXPECT_EQ(script_.size(), 1) << "checked once";
  script_.push_back(runs());
  deps_.clock_.set_clock(1h);
  deps_.pass(11s);
  EXPECT_EQ(script_.size(), 1) << "checked again";
}

TEST_F(RestingFleet, HasNothingToDo) {
  EXPECT_FALSE(fleet_.work().pending);
  const auto ended = fleet_.work().ended;
  EXPECT_GE(ended, 1);
  deps_.pass(1h);
  EXPECT_FALSE(fleet_.work().pending);
  EXPECT_EQ(fleet_.work().ended, ended + 1);
}

TEST_F(FleetTest, HasSomethingToDoWhileACheckDoesNotEnd) {
  std::deque<Seen> script{runs()};
  Deps deps(folder_);
  deps.check_takes_ = 10min;
  net::Semaphore checks(deps.loop_.executor(), 1);
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, script));
  EXPECT_FALSE(fleet.work().pending) << "there is no host";
  fleet.set_hosts({host_}, {});
  deps.pass(9min);
  EXPECT_TRUE(fleet.work().pending);
  EXPECT_EQ(fleet.work().ended, 0);
  deps.pass(2min);
  EXPECT_EQ(fleet.work().ended, 1);
  deps.loop_.run_until_done(fleet.stop());
}

TEST_F(RestingFleet, EndsAHostThatIsRetiredAtOnce) {
  fleet_.set_hosts({}, {});
  deps_.pass(1s);
  EXPECT_EQ(fleet_.find(host_.name), nullptr);
}

}  // namespace
}  // namespace tocsin::daemon
