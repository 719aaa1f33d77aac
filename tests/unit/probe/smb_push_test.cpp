// Changes that a host tells by itself, over the network.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/turns.h"
#include "pretend_host.h"
#include "probe/smb/smb_listener.h"

namespace tocsin::probe {
namespace {

using simulate::Action;
using simulate::Behaviour;
using simulate::Mischief;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto kFirst = "QlikSenseEngineService";
constexpr auto kSecond = "QlikSenseProxyService";
/// That a service is told of when it comes to be listened to.
constexpr std::uint32_t kFirstNotifications = 1;

/// Whatever the way.
class SmbPushTest : public PretendHostTest, public testing::WithParamInterface<simulate::Push> {
 protected:
  void start(std::size_t services = 20) {
    PretendHostTest::start({.services = services, .push = GetParam()});
  }
  /// A host that is checked, and tells of changes of its services.
  void start_listening(const std::vector<std::string>& services = {kFirst, kSecond}) {
    start();
    watch(services);
    states();
    listen_until_all_are_heard();
  }
  void listen_until_all_are_heard() {
    for (const auto end = soon(); net::MonotonicClock::now() < end;) {
      listen(net::within(std::chrono::milliseconds(1)));
      (void)probe->take_pushed();  // what the check has seen too
      relay->reset_counts();
      // Nothing else is under way.
      if (has_pulse() && relay->requests() == 1) return;
    }
    FAIL() << "not all services are listened to";
  }
  void listen(net::Deadline deadline = soon()) { loop.run_until_done(probe->listen(deadline)); }
  net::awaitable<void> stop_listening() {
    co_await kit::give_way();
    probe->stop_listening();
  }
  bool has_pulse() { return loop.run_until_done(probe->has_pulse(soon())); }
  /// Listens until the service is told to be in this state; all that was told up to then.
  std::vector<std::string> told(const std::string& service, ServiceState state) {
    std::vector<std::string> changes;
    const auto last = service + " " + std::string(to_string(state));
    for (const auto end = net::within(std::chrono::seconds(20));
         net::MonotonicClock::now() < end;) {
      listen(end);
      const auto pushed = probe->take_pushed();
      EXPECT_FALSE(pushed.check_again);
      std::ranges::move(names_of(pushed.services), std::back_inserter(changes));
      if (!changes.empty() && changes.back() == last) break;
    }
    return changes;
  }
  /// "QlikSenseEngineService STOPPED"
  static std::vector<std::string> names_of(const std::vector<ObservedService>& pushed) {
    std::vector<std::string> names;
    names.reserve(pushed.size());
    for (const auto& one : pushed)
      names.push_back(one.name.text() + " " + std::string(to_string(one.status.state)));
    return names;
  }
  void expect_each_change_told(int times) {
    for (int i = 0; i < times; i++) {
      happen(Action::stop, kFirst);
      EXPECT_THAT(told(kFirst, ServiceState::stopped), Not(IsEmpty()));
      happen(Action::start, kFirst);
      EXPECT_THAT(told(kFirst, ServiceState::running), Not(IsEmpty()));
    }
  }
  /// What was told up to now; the host has answered an ECHO since.
  std::vector<ObservedService> told_by_now() {
    has_pulse();
    return probe->take_pushed().services;
  }
  /// Listens until only a check can tell what has happened.
  bool called_for_a_check() {
    listen();
    return probe->take_pushed().check_again;
  }
  void misbehave(Mischief mischief, std::uint32_t number = 0) {
    happen(Behaviour{.mischief = mischief, .number = number});
    states();  // over a new connection
  }
  /// Checks and listens until the host is asked for nothing but checks.
  std::string notice_after_checks(int most) {
    for (int i = 0; i < most; i++) {
      listen(net::within(std::chrono::milliseconds(20)));
      states();
      if (auto notice = probe->last_check().notice; !notice.empty()) return notice;
    }
    return "";
  }
};

std::string name_of(const testing::TestParamInfo<simulate::Push>& way) {
  return std::string(to_string(way.param));
}
INSTANTIATE_TEST_SUITE_P(Ways, SmbPushTest,
                         testing::Values(simulate::Push::multiplexed, simulate::Push::single),
                         name_of);

TEST_P(SmbPushTest, StopsAlsoWhereItHasOnlyBegunToListen) {
  start();
  watch({kFirst});
  states();
  net::TaskScope meanwhile(loop.executor());
  meanwhile.spawn(stop_listening());  // when listen() waits for the first time
  const auto begun = net::MonotonicClock::now();
  listen();
  EXPECT_LT(net::MonotonicClock::now() - begun, std::chrono::seconds(30));
  loop.run_until_done(meanwhile.join());
}

TEST_P(SmbPushTest, TellsOfEachChange) {
  start_listening();
  expect_each_change_told(3);
}

TEST_P(SmbPushTest, SaysNothingOfWhatTheCheckHasSeen) {
  start_listening();
  EXPECT_THAT(told_by_now(), IsEmpty());
}

TEST_P(SmbPushTest, TellsOfARestartBetweenTwoChecks) {
  start_listening();
  happen(Action::stop, kFirst);
  happen(Action::start, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::running),
              ElementsAre("QlikSenseEngineService STOP_PENDING", "QlikSenseEngineService RUNNING"));
}

TEST_P(SmbPushTest, TellsOfARestartWhileItBeginsToListen) {
  start();
  watch({kFirst});
  states();
  for (int i = 0; i < 4; i++) listen(net::within(std::chrono::milliseconds(i)));
  happen(Action::restart, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::running), Not(IsEmpty()));
}

TEST_P(SmbPushTest, TellsOfChangesSinceTheCheck) {
  start();
  watch({kFirst});
  states();
  happen(Action::stop, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::stopped), Not(IsEmpty()));
}

TEST_P(SmbPushTest, APulseIsOneRequest) {
  start_listening();
  relay->reset_counts();
  EXPECT_TRUE(has_pulse());
  EXPECT_EQ(relay->requests(), 1);
}

TEST_P(SmbPushTest, WhatComesWithTheAnswerToAnotherQuestionIsToldAtOnce) {
  start_listening();
  happen(Action::stop, kFirst);
  for (int i = 0; i < 20; i++) has_pulse();
  const auto end = soon();
  listen(end);
  EXPECT_THAT(probe->take_pushed().services, Not(IsEmpty()));
  EXPECT_LT(net::MonotonicClock::now(), end) << "nothing else came";
}

TEST_P(SmbPushTest, ACheckAnswersWhatIsToldWhileItRuns) {
  start_listening();
  // The first service has been asked for; the second one is.
  relay->at_request(5, [this] { happen(Action::stop, kFirst); });
  const auto seen = check_states();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->front().name, ServiceName(kFirst));
  EXPECT_NE(seen->front().status.state, ServiceState::running) << "told before the check ended";
}

TEST_P(SmbPushTest, WhatIsToldBeforeTheSessionEndsInACheckIsKept) {
  start_listening();
  happen(Action::stop, kFirst);
  happen(Action::start, kFirst);
  relay->reset_counts();
  relay->at_request(4, [this] { relay->cut(); });
  EXPECT_TRUE(check_states()) << "over a new session";
  EXPECT_EQ(relay->connections(), 1);
  EXPECT_THAT(names_of(probe->take_pushed().services),
              testing::Contains("QlikSenseEngineService STOP_PENDING"));
}

TEST_P(SmbPushTest, WhatIsToldWhileDetailsAreReadIsToldAtOnce) {
  const std::vector<std::string> services{kFirst, kSecond, "QlikSenseRepositoryService",
                                          "QlikSenseSchedulerService"};
  start_listening(services);
  clock.advance(options.details.age);
  ASSERT_TRUE(check_states());
  ASSERT_EQ(probe->due_details().size(), services.size());
  happen(Action::stop, kFirst);
  const auto read = read_details();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), services.size());
  EXPECT_THAT(told(kFirst, ServiceState::stopped), Not(IsEmpty()));
}

TEST_P(SmbPushTest, AListenerThatIsLostDuringACheckCallsForAnother) {
  start();
  watch({kFirst});
  misbehave(Mischief::push_garbled, kFirstNotifications);
  listen_until_all_are_heard();
  happen(Action::stop, kFirst);
  const auto seen = check_states();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->front().status.state, ServiceState::stopped) << "the check knows nothing of it";
  EXPECT_FALSE(has_pulse());
  EXPECT_TRUE(called_for_a_check());
  EXPECT_EQ(states().at(kFirst), ServiceState::stopped);
  EXPECT_THAT(probe->last_check().notice, HasSubstr("does not tell of changes by the rules"));
}

TEST_P(SmbPushTest, AHostThatIsGoneHasNoPulse) {
  start_listening();
  happen(simulate::Reachability::down);
  EXPECT_FALSE(has_pulse());
  EXPECT_FALSE(check_states());
}

TEST_P(SmbPushTest, AskedForNothingWhileACheckMustTell) {
  start_listening();
  happen(Action::uninstall, kFirst);
  EXPECT_FALSE(has_pulse());
}

TEST_P(SmbPushTest, KeepsNoServiceFromBeingReplaced) {
  start_listening();
  happen(Action::stop, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::stopped), Not(IsEmpty()));
  happen(Action::uninstall, kFirst);
  EXPECT_TRUE(called_for_a_check());
  EXPECT_EQ(states().at(kFirst), ServiceState::missing);
  happen(Action::install, kFirst);
  EXPECT_TRUE(called_for_a_check());
  EXPECT_EQ(states().at(kFirst), ServiceState::stopped);
  listen_until_all_are_heard();
  happen(Action::start, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::running), Not(IsEmpty()));
}

TEST_P(SmbPushTest, BeginsAnewOverANewConnection) {
  start_listening();
  happen(simulate::Disconnect{});
  EXPECT_TRUE(called_for_a_check());
  happen(Action::stop, kFirst);
  EXPECT_EQ(states().at(kFirst), ServiceState::stopped);
  listen_until_all_are_heard();
  happen(Action::start, kFirst);
  EXPECT_THAT(told(kFirst, ServiceState::running), Not(IsEmpty()));
}

TEST_P(SmbPushTest, OutlivesTheExpiryOfTheSession) {
  start_listening();
  happen(Behaviour{.mischief = Mischief::expiring, .number = 40});
  happen(simulate::Disconnect{});
  EXPECT_TRUE(called_for_a_check());
  states();
  listen_until_all_are_heard();
  expect_each_change_told(5);
}

TEST_P(SmbPushTest, ListensToWhatIsWatchedNow) {
  start_listening();
  std::vector<WatchedService> services{{.pattern = kSecond}};
  host.services = Watchlist(std::move(services));
  probe->set_watchlist();
  states();
  listen_until_all_are_heard();
  happen(Action::stop, kFirst);
  happen(Action::stop, kSecond);
  EXPECT_THAT(told(kSecond, ServiceState::stopped), Each(HasSubstr(kSecond)));
  told_by_now();
  happen(Action::uninstall, kFirst);
  happen(Action::install, kFirst);  // nobody holds a handle to the one before
}

class SmbHostWithoutPush : public SmbPushTest {};

INSTANTIATE_TEST_SUITE_P(Ways, SmbHostWithoutPush, testing::Values(simulate::Push::none), name_of);

TEST_P(SmbHostWithoutPush, IsCheckedOverTheSameConnectionAndNotAskedAgain) {
  start();
  watch({kFirst});
  states();
  listen(net::within(std::chrono::milliseconds(20)));
  for (auto before = requests_of_a_check(), now = before + 1; before != now;) {
    before = now;
    listen(net::within(std::chrono::milliseconds(20)));
    now = requests_of_a_check();
  }
  relay->reset_counts();
  listen(net::within(std::chrono::milliseconds(1)));
  EXPECT_EQ(relay->requests(), 0);
  EXPECT_FALSE(has_pulse());
  EXPECT_FALSE(probe->take_pushed().check_again);
  EXPECT_EQ(probe->last_check().notice, "");
  EXPECT_NE(probe->last_check().no_push, "");
  EXPECT_EQ(relay->connections(), 0);
}

TEST_P(SmbPushTest, APushThatIsGarbledCostsOneConnectionAndOneSentence) {
  start();
  watch({kFirst, kSecond});
  misbehave(Mischief::push_garbled);
  EXPECT_THAT(notice_after_checks(5), HasSubstr("does not tell of changes by the rules"));
  EXPECT_EQ(notice_after_checks(3), "");
  EXPECT_EQ(relay->connections(), 2);
}

TEST_P(SmbPushTest, AHostThatSaysAgainAndAgainThatWeLagIsOnlyChecked) {
  start();
  watch({kFirst, kSecond});
  misbehave(Mischief::push_lags);
  EXPECT_THAT(notice_after_checks(10), HasSubstr("faster than they were fetched"));
  const auto connections = relay->connections();
  EXPECT_EQ(notice_after_checks(3), "");
  EXPECT_EQ(relay->connections(), connections);
}

TEST_P(SmbPushTest, AFloodEndsAndIsNoNews) {
  start();
  watch({kFirst, kSecond});
  misbehave(Mischief::push_floods);
  for (int i = 0; i < 20; i++) {
    listen(net::within(std::chrono::milliseconds(5)));
    EXPECT_THAT(probe->take_pushed().services, IsEmpty());
  }
  relay->reset_counts();
  listen(net::within(std::chrono::milliseconds(20)));
  EXPECT_EQ(relay->requests(), 0);
  EXPECT_FALSE(has_pulse());
}

TEST_P(SmbPushTest, AHostThatTellsNothingOfWhatChecksFindIsNotTrusted) {
  start();
  watch({kFirst, kSecond});
  misbehave(Mischief::push_silent);
  listen_until_all_are_heard();
  happen(Action::stop, kFirst);
  EXPECT_EQ(notice_after_checks(1), "");
  happen(Action::start, kFirst);
  EXPECT_THAT(notice_after_checks(2), HasSubstr("QlikSenseEngineService"));
  EXPECT_FALSE(has_pulse());
  EXPECT_EQ(states().at(kFirst), ServiceState::running);
}

class SmbHostOfSingleCalls : public SmbPushTest {};

INSTANTIATE_TEST_SUITE_P(Ways, SmbHostOfSingleCalls, testing::Values(simulate::Push::single),
                         name_of);

TEST_P(SmbHostOfSingleCalls, IsOnlyCheckedWhereServicesNeedTooManyPipes) {
  start(SmbListener::kMostPipes + 1);
  happen(Action::uninstall, kFirst);
  watch({"*", kFirst});
  states();
  listen_until_all_are_heard();
  happen(Action::stop, kSecond);
  EXPECT_THAT(told(kSecond, ServiceState::stopped), Not(IsEmpty()));

  happen(Action::install, kFirst);
  EXPECT_TRUE(called_for_a_check());
  EXPECT_EQ(states().size(), SmbListener::kMostPipes + 1);
  listen(net::within(std::chrono::milliseconds(20)));
  states();
  EXPECT_THAT(probe->last_check().no_push, HasSubstr("more than 16 services"));
  EXPECT_FALSE(has_pulse());
  happen(Action::uninstall, kSecond);
  happen(Action::install, kSecond);  // nobody holds a handle to the one before

  happen(Action::uninstall, kSecond);
  states();
  listen_until_all_are_heard();
  states();
  EXPECT_EQ(probe->last_check().no_push, "");
}

}  // namespace
}  // namespace tocsin::probe
