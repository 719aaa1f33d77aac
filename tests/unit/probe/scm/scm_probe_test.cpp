// A host that hangs, and changes that it pushes while a check runs.
#include "probe/scm/scm_probe.h"

#include <thread>

#include <gmock/gmock.h>

#include "kit/gate.h"
#include "net/loop.h"
#include "unit/probe/scm/pretend_system.h"

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using scm::PretendSystem;

class ScmProbeTest : public testing::Test {
 protected:
  ScmProbeTest() {
    system->machine->set("Spooler", svcctl::kRunning, 10);
    host.name = HostName("node7");
    host.address = "node7";
    host.source = config::Source::scm;
    host.services = Watchlist({{.pattern = "Spooler"}});
    probe = make_scm_probe(host, system, threads, clock);
  }
  Result<std::vector<ObservedService>> check(std::chrono::milliseconds limit = 1min) {
    return loop.run_until_done(probe->check(net::within(limit)));
  }
  void fire(std::uint32_t state) {
    scm::Feed::Notification notification{.service = "Spooler"};
    notification.status.current_state = state;
    notification.status.process_id = 10;
    system->feed->fire(std::move(notification));
  }
  void check_and_listen() {
    const auto seen = check();
    ASSERT_TRUE(seen) << seen.error().what;
    EXPECT_EQ(seen->at(0).status.state, running);
    loop.run_until_done(probe->listen(net::within(1ms)));
    ASSERT_TRUE(system->feed->saw("arm Spooler 639"));
  }
  /// From now on the manager hangs, until the latch is released.
  struct Hang {
    kit::Gate begun;
    kit::Gate release;
    kit::Gate ended;
  };
  std::shared_ptr<Hang> hang() {
    const auto hang = std::make_shared<Hang>();
    const std::lock_guard lock(system->machine->mutex);
    system->machine->before_list = [hang] {
      hang->begun.open();
      hang->release.wait();
      hang->ended.open();
    };
    return hang;
  }
  /// A check that the manager lets hang.
  Result<std::vector<ObservedService>> hanging_check(Hang& hang) {
    auto seen = check(20ms);
    // On a slow machine its thread may not even have begun by then.
    while (!hang.begun.is_open()) seen = check(20ms);
    return seen;
  }
  /// The pushed states, once there are some.
  std::vector<ServiceState> hear() {
    loop.run_until_done(probe->listen(net::within(1min)));
    std::vector<ServiceState> states;
    for (const auto& service : probe->take_pushed().services)
      states.push_back(service.status.state);
    return states;
  }

  net::Loop loop;
  net::Worker threads{"scm", 2};
  ManualClock clock;
  std::shared_ptr<PretendSystem> system = std::make_shared<PretendSystem>();
  config::Host host;
  std::unique_ptr<Probe> probe;
};

TEST_F(ScmProbeTest, ListensToWhatACheckHasFound) {
  check_and_listen();
  fire(svcctl::kStopPending);
  EXPECT_THAT(hear(), testing::ElementsAre(stop_pending));
  fire(svcctl::kStopped);
  EXPECT_THAT(hear(), testing::ElementsAre(stopped));
}

TEST_F(ScmProbeTest, ListensInVainWhereNothingIsSaid) {
  loop.run_until_done(probe->listen(net::within(1ms)));  // not even checked yet
  check_and_listen();
  loop.run_until_done(probe->listen(net::within(1ms)));
  EXPECT_THAT(probe->take_pushed().services, testing::IsEmpty());
}

TEST_F(ScmProbeTest, WhatIsPushedDuringACheckIsNotOlderThanTheCheck) {
  check_and_listen();
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->before_list = [this] {
      fire(svcctl::kStopped);
      system->feed->saw("arm Spooler 638");  // then it has been pushed, or is about to be
      fire(svcctl::kStopped);
      system->feed->saw("arm Spooler 638", 2);  // by now the first one has
    };
  }
  const auto seen = check();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->at(0).status.state, stopped);
  EXPECT_THAT(probe->take_pushed().services, testing::SizeIs(testing::Ge(1)));
}

TEST_F(ScmProbeTest, AHostThatHangsIsAskedNoMoreAndCostsOneThread) {
  const auto hang = this->hang();
  const auto hung = hanging_check(*hang);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().kind, ErrorKind::timed_out);
  const auto again = check();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(again.error().what, testing::HasSubstr("earlier question"));
  EXPECT_EQ(threads.stuck(), 1U);

  host.name = HostName("node8");
  const auto other_system = std::make_shared<PretendSystem>();
  const auto other = make_scm_probe(host, other_system, threads, clock);
  EXPECT_TRUE(loop.run_until_done(other->check(net::within(1min))));

  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->before_list = nullptr;
  }
  hang->release.open();
  auto seen = check();
  for (const auto end = net::within(1min); !seen && std::chrono::steady_clock::now() < end;) {
    std::this_thread::yield();
    seen = check();
  }
  EXPECT_TRUE(seen) << seen.error().what;
}

TEST_F(ScmProbeTest, MayGoWhileItsHostHangs) {
  const auto hang = this->hang();
  EXPECT_FALSE(hanging_check(*hang));
  probe.reset();
  hang->release.open();
  hang->ended.wait();
}

TEST_F(ScmProbeTest, WhoOnlyChecksArmsNothing) {
  EXPECT_TRUE(check());
  EXPECT_TRUE(check());
  const std::lock_guard lock(system->feed->mutex);
  EXPECT_THAT(system->feed->calls, testing::IsEmpty());
}

TEST_F(ScmProbeTest, SaysSoWhenThereIsNoAnswer) {
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->open_error = svcctl::kRpcServerUnavailable;
  }
  const auto seen = check();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::unreachable);
  const auto list = loop.run_until_done(probe->list(net::within(1min)));
  EXPECT_EQ(list.error().kind, ErrorKind::unreachable);
}

}  // namespace
}  // namespace tocsin::probe
