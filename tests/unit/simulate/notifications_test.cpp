// The calls of a pretend host that tell of changes.
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "simulate/catalogue.h"
#include "simulate/host_model.h"
#include "simulate/service_control.h"
#include "wire/svcctl/messages.h"
#include "wire/svcctl/notify.h"

namespace tocsin::simulate {
namespace {

using namespace svcctl;
using std::chrono_literals::operator""s;

constexpr std::uint32_t kStates = kNotifyEveryState | kNotifyDeletePending;

class NotificationsTest : public testing::Test {
 protected:
  /// The answer to one call, when there is one.
  struct Pending {
    std::shared_ptr<std::optional<dcerpc::Outcome>> outcome;
    [[nodiscard]] bool answered() const { return outcome->has_value(); }
  };
  template <typename Request>
  Pending begin(const Request& request) {
    auto outcome = std::make_shared<std::optional<dcerpc::Outcome>>();
    control->call(Request::kOpnum, encode(request),
                  [outcome](dcerpc::Outcome answer) { outcome->emplace(std::move(answer)); });
    return {outcome};
  }
  template <typename Request>
  typename Request::Response ask(const Request& request) {
    return parse<typename Request::Response>(begin(request).outcome->value().value()).value();
  }
  static GetNotifyResultsResponse results(const Pending& pending) {
    return parse<GetNotifyResultsResponse>(pending.outcome->value().value()).value();
  }
  /// Of results with one notification.
  static StatusNotification only(const Pending& pending) {
    const auto all = results(pending);
    EXPECT_EQ(all.return_value, kSuccess);
    EXPECT_EQ(all.notifications.size(), 1U);
    return all.notifications.empty() ? StatusNotification{} : all.notifications[0];
  }
  Handle open_manager(std::uint32_t access = 5) {
    return ask(OpenScManagerRequest{.desired_access = access}).handle;
  }
  Handle open(const char* name, std::uint32_t access = 5) {
    const auto opened = ask(OpenServiceRequest{
        .manager = open_manager(), .service_name = name, .desired_access = access});
    EXPECT_EQ(opened.return_value, kSuccess) << name;
    return opened.handle;
  }
  NotifyServiceStatusChangeResponse add(const Handle& handle, std::uint32_t mask = kStates) {
    return ask(NotifyServiceStatusChangeRequest{.handle = handle, .notify_mask = mask});
  }
  Pending wait(const NotifyHandle& handle) {
    return begin(GetNotifyResultsRequest{.notify = handle});
  }
  void apply(Action action, const char* name = "Spooler") {
    ASSERT_TRUE(host.apply(action, ServiceName(name)));
  }
  void behave(Behaviour behaviour) { control = std::make_unique<ServiceControl>(host, behaviour); }

  ManualClock clock;
  HostModel host{{.name = "node"}, make_catalogue(250), clock};
  std::unique_ptr<ServiceControl> control = std::make_unique<ServiceControl>(host);
};

TEST_F(NotificationsTest, TheFirstOneComesAtOnceAndTheNextWithAChange) {
  const auto spooler = open("Spooler");
  auto added = add(spooler);
  ASSERT_EQ(added.return_value, kSuccess);
  const auto first = only(wait(added.notify));
  EXPECT_EQ(first.status, host.find(ServiceName("Spooler"))->status);
  EXPECT_EQ(first.triggered, notify_bit(kRunning));
  EXPECT_EQ(first.notification_status, kSuccess);

  added = add(spooler);
  const auto second = wait(added.notify);
  EXPECT_FALSE(second.answered());
  apply(Action::crash, "MSDTC");
  EXPECT_FALSE(second.answered()) << "another service";
  apply(Action::crash);
  EXPECT_EQ(only(second).status.current_state, kStopped);
  EXPECT_EQ(only(second).status.win32_exit_code, 1067U);
}

TEST_F(NotificationsTest, WhatChangesBetweenTwoRegistrationsIsToldAtOnce) {
  const auto spooler = open("Spooler");
  (void)only(wait(add(spooler).notify));
  const auto before = host.find(ServiceName("Spooler"))->status.process_id;
  apply(Action::restart);
  const auto running = only(wait(add(spooler).notify));
  EXPECT_EQ(running.status.current_state, kRunning);
  EXPECT_NE(running.status.process_id, before);
}

TEST_F(NotificationsTest, ARestartTellsOfTheStopWhileSomebodyWaits) {
  const auto spooler = open("Spooler");
  (void)only(wait(add(spooler).notify));
  const auto waiting = wait(add(spooler).notify);
  apply(Action::restart);
  EXPECT_EQ(only(waiting).status.current_state, kStopped);
  EXPECT_EQ(only(wait(add(spooler).notify)).status.current_state, kRunning);
}

TEST_F(NotificationsTest, TheMaskSaysOfWhat) {
  const auto spooler = open("Spooler");
  const auto stopped = wait(add(spooler, notify_bit(kStopped)).notify);
  EXPECT_FALSE(stopped.answered()) << "it runs";
  apply(Action::stop);
  EXPECT_EQ(only(stopped).triggered, notify_bit(kStopped));
  EXPECT_EQ(add(spooler, 0).return_value, kInvalidParameter);
  EXPECT_EQ(add(spooler, kStates | kNotifyCreated).return_value, kInvalidParameter);
  EXPECT_EQ(add(open_manager(), kStates).return_value, kInvalidParameter);
}

TEST_F(NotificationsTest, AHandleTakesOneRegistrationAtATime) {
  const auto spooler = open("Spooler");
  ASSERT_EQ(add(spooler).return_value, kSuccess);  // told at once
  ASSERT_EQ(add(spooler).return_value, kSuccess);  // waits
  EXPECT_EQ(add(spooler).return_value, kAlreadyRegistered);
  EXPECT_EQ(add(open("Spooler")).return_value, kSuccess) << "another handle";
}

TEST_F(NotificationsTest, WantsARightAndAHandle) {
  EXPECT_EQ(add(open("Spooler", kServiceQueryConfig)).return_value, kAccessDenied);
  EXPECT_EQ(add(open_manager(kManagerConnect), kNotifyCreated).return_value, kAccessDenied);
  const auto unknown = [](const Pending& pending) {
    return !pending.outcome->value() &&
           pending.outcome->value().error() == dcerpc::kContextMismatch;
  };
  EXPECT_TRUE(unknown(begin(NotifyServiceStatusChangeRequest{})));
  EXPECT_TRUE(unknown(begin(GetNotifyResultsRequest{})));
  EXPECT_TRUE(unknown(begin(CloseNotifyHandleRequest{})));
}

TEST_F(NotificationsTest, ClosingEndsTheWait) {
  const auto spooler = open("Spooler");
  (void)add(spooler);
  const auto added = add(spooler);
  const auto waiting = wait(added.notify);
  EXPECT_EQ(results(wait(added.notify)).return_value, kInvalidParameter) << "one waits already";
  EXPECT_EQ(ask(CloseNotifyHandleRequest{.notify = added.notify}).return_value, kSuccess);
  EXPECT_EQ(results(waiting).return_value, kRequestAborted);
  EXPECT_EQ(add(spooler).return_value, kSuccess);
}

TEST_F(NotificationsTest, ClosingTheServiceEndsItWithoutAResult) {
  const auto spooler = open("Spooler");
  (void)add(spooler);
  const auto added = add(spooler);
  const auto waiting = wait(added.notify);
  (void)ask(CloseServiceHandleRequest{.handle = spooler});
  apply(Action::stop);
  EXPECT_FALSE(waiting.answered());
  (void)ask(CloseNotifyHandleRequest{.notify = added.notify});
  EXPECT_EQ(results(waiting).return_value, kRequestAborted);
}

TEST_F(NotificationsTest, AServiceToBeDeletedStaysUntilItsHandlesAreClosed) {
  const auto spooler = open("Spooler");
  const auto other = open("Spooler");
  (void)add(spooler);
  (void)add(other);
  const auto asked_for = wait(add(spooler).notify);
  const auto states_only = wait(add(other, kNotifyEveryState).notify);
  apply(Action::uninstall);
  EXPECT_EQ(only(asked_for).triggered, kNotifyDeletePending);
  EXPECT_EQ(only(states_only).notification_status, kServiceMarkedForDelete);
  EXPECT_EQ(add(spooler).return_value, kServiceMarkedForDelete);
  EXPECT_FALSE(host.apply(Action::install, ServiceName("Spooler")));
  (void)ask(CloseServiceHandleRequest{.handle = spooler});
  (void)ask(CloseServiceHandleRequest{.handle = other});
  EXPECT_TRUE(host.apply(Action::install, ServiceName("Spooler")));
}

TEST_F(NotificationsTest, TheManagerTellsOfServicesThatComeAndGo) {
  constexpr std::uint32_t kBoth = kNotifyCreated | kNotifyDeleted;
  const auto manager = open_manager();
  const auto created = wait(add(manager, kBoth).notify);
  apply(Action::restart, "MSDTC");
  EXPECT_FALSE(created.answered());
  apply(Action::install, "New");
  EXPECT_EQ(only(created).triggered, kNotifyCreated);
  EXPECT_TRUE(only(created).has_names);

  const auto handle = open("New");
  apply(Action::uninstall, "New");
  const auto deleted = wait(add(manager, kBoth).notify);
  EXPECT_FALSE(deleted.answered()) << "somebody holds a handle";
  (void)ask(CloseServiceHandleRequest{.handle = handle});
  EXPECT_EQ(only(deleted).triggered, kNotifyDeleted);
  apply(Action::install, "New");
  EXPECT_EQ(only(wait(add(manager, kBoth).notify)).triggered, kNotifyCreated)
      << "between two registrations";
}

TEST_F(NotificationsTest, AShutdownEndsAllThatWaits) {
  const auto spooler = open("Spooler");
  (void)add(spooler);
  const auto added = add(spooler);
  const auto waiting = wait(added.notify);
  host.shut_down(10s, Farewell::told);
  EXPECT_EQ(results(waiting).return_value, kShutdownInProgress);
  EXPECT_EQ(results(wait(added.notify)).return_value, kShutdownInProgress);
  EXPECT_EQ(add(spooler).return_value, kShutdownInProgress);
}

TEST_F(NotificationsTest, PendingStatesAreToldWhenTheHostSettles) {
  HostModel slow({.name = "slow", .pending = 2s}, make_catalogue(250), clock);
  int plans = 0;
  slow.on_plan([&] { plans++; });
  control = std::make_unique<ServiceControl>(slow);
  const auto spooler = open("Spooler");
  (void)add(spooler);
  const auto stopping = wait(add(spooler).notify);
  EXPECT_EQ(slow.next_change(), std::nullopt);
  plans = 0;
  ASSERT_TRUE(slow.apply(Action::stop, ServiceName("Spooler")));
  EXPECT_EQ(plans, 1);
  EXPECT_EQ(slow.next_change(), clock.now() + 2s);
  EXPECT_EQ(only(stopping).status.current_state, kStopPending);
  const auto stopped = wait(add(spooler).notify);
  clock.advance(2s);
  EXPECT_FALSE(stopped.answered());
  slow.settle();
  EXPECT_EQ(only(stopped).status.current_state, kStopped);
  control.reset();
}

TEST_F(NotificationsTest, AHostWithoutPushLacksTheCalls) {
  const auto spooler = open("Spooler");
  host.set_push(Push::none);
  for (const auto& pending : {begin(NotifyServiceStatusChangeRequest{.handle = spooler}),
                              begin(GetNotifyResultsRequest{}), begin(CloseNotifyHandleRequest{})})
    EXPECT_EQ(pending.outcome->value().error(), dcerpc::kOpnumOutOfRange);
  EXPECT_EQ(HostModel({.name = "old", .old = true}, {}, clock).push(), Push::none);
}

TEST_F(NotificationsTest, AClientThatClosesNothingLags) {
  const auto spooler = open("Spooler");
  std::uint32_t answer = kSuccess;
  for (int i = 0; i < 10'000 && answer == kSuccess; i++) {
    host.find(ServiceName("Spooler"))->changes++;
    answer = add(spooler).return_value;
  }
  EXPECT_EQ(answer, kNotifyClientLagging);
}

TEST_F(NotificationsTest, Lies) {
  behave({.mischief = Mischief::push_lies, .number = 1});
  const auto spooler = open("Spooler");
  EXPECT_EQ(only(wait(add(spooler).notify)).status.current_state, kRunning);
  const auto lie = wait(add(spooler).notify);
  apply(Action::stop);
  EXPECT_EQ(only(lie).status.current_state, kRunning);
}

TEST_F(NotificationsTest, Floods) {
  behave({.mischief = Mischief::push_floods});
  const auto spooler = open("Spooler");
  for (int i = 0; i < 3; i++)
    EXPECT_GT(results(wait(add(spooler).notify)).notifications.size(), 1U);
}

TEST_F(NotificationsTest, IsSilent) {
  behave({.mischief = Mischief::push_silent, .number = 1});
  const auto spooler = open("Spooler");
  EXPECT_TRUE(wait(add(spooler).notify).answered());
  const auto added = add(spooler);
  const auto waiting = wait(added.notify);
  apply(Action::stop);
  (void)ask(CloseNotifyHandleRequest{.notify = added.notify});
  EXPECT_FALSE(waiting.answered());
}

TEST_F(NotificationsTest, GarblesAndSaysThatTheClientLags) {
  behave({.mischief = Mischief::push_garbled});
  const auto garbled = wait(add(open("Spooler")).notify);
  EXPECT_FALSE(parse<GetNotifyResultsResponse>(garbled.outcome->value().value()));
  behave({.mischief = Mischief::push_lags});
  EXPECT_EQ(add(open("Spooler")).return_value, kNotifyClientLagging);
}

}  // namespace
}  // namespace tocsin::simulate
