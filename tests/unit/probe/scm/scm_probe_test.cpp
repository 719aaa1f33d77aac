// A host that hangs, and changes that it pushes while a check runs.
#include "probe/scm/scm_probe.h"

#include <optional>

#include <gmock/gmock.h>

#include "kit/gate.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"
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
  Result<std::vector<ObservedService>> check() {
    return loop.run_until_done(probe->check(net::within(1min)));
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
    loop.run_until_done(probe->listen(net::MonotonicClock::now()));
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
  /// What a call answers that the manager lets hang, when a minute has passed.
  template <typename Begin>
  auto hanging(kit::VirtualTime& time, Hang& hang, Begin begin) {
    net::TaskScope scope(loop.executor());
    std::optional<typename decltype(begin())::value_type> answer;
    scope.spawn([](auto call, auto& out) -> net::awaitable<void> {
      out = co_await std::move(call);
    }(begin(), answer));
    loop.run_until_done(kit::let_others_run());
    hang.begun.wait();
    time.skip(1min);
    loop.run_until_done(scope.join());
    return std::move(answer).value();
  }
  Result<std::vector<ObservedService>> hanging_check(Hang& hang) {
    kit::VirtualTime time;
    return hanging(time, hang, [this] { return probe->check(net::within(1min)); });
  }
  Result<KnownDetails> read_details() {
    return loop.run_until_done(probe->read_details(probe->due_details(), net::within(1min)));
  }
  /// Returns when no thread is stuck: all of them meet.
  void meet_on_all_threads() {
    net::TaskScope scope(loop.executor());
    kit::Gate first;
    kit::Gate second;
    const auto meet = [this](kit::Gate& mine, kit::Gate& other) -> net::awaitable<void> {
      co_await threads.run([&] {
        mine.open();
        other.wait();
        return 0;
      });
    };
    scope.spawn(meet(first, second));
    scope.spawn(meet(second, first));
    loop.run_until_done(scope.join());
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
  loop.run_until_done(probe->listen(net::MonotonicClock::now()));  // not even checked yet
  check_and_listen();
  loop.run_until_done(probe->listen(net::MonotonicClock::now()));
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
  meet_on_all_threads();
  const auto seen = check();
  EXPECT_TRUE(seen) << seen.error().what;
}

TEST_F(ScmProbeTest, DetailsThatHangHoldUpNoCheckAndAreNotAskedForAgain) {
  kit::VirtualTime time;
  ASSERT_TRUE(check());
  const auto hang = std::make_shared<Hang>();
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->before_configuration = [hang] {
      hang->begun.open();
      hang->release.wait();
    };
  }
  const auto hung = hanging(
      time, *hang, [this] { return probe->read_details(probe->due_details(), net::within(1min)); });
  ASSERT_TRUE(hung);
  EXPECT_THAT(*hung, testing::IsEmpty());
  EXPECT_EQ(check()->at(0).status.state, running);
  EXPECT_THAT(probe->due_details(), testing::SizeIs(1));
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->before_configuration = nullptr;
  }
  hang->release.open();
  meet_on_all_threads();
  EXPECT_THAT(*read_details(), testing::IsEmpty()) << "not for an hour";
  time.skip(1h);
  EXPECT_THAT(*read_details(), testing::SizeIs(1));
}

TEST_F(ScmProbeTest, AHostThatGoesDownWhileDetailsAreReadIsUnreachable) {
  ASSERT_TRUE(check());
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->services["Spooler"].error = svcctl::kShutdownInProgress;
  }
  EXPECT_EQ(read_details().error().native, 1115U);
  {
    const std::lock_guard lock(system->machine->mutex);
    system->machine->services["Spooler"].error = svcctl::kRpcServerUnavailable;
  }
  EXPECT_THAT(*read_details(), testing::IsEmpty());
  EXPECT_EQ(check()->at(0).status.state, running);
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
