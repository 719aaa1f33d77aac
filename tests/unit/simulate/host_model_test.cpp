#include "simulate/host_model.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "simulate/catalogue.h"

namespace tocsin::simulate {
namespace {

using namespace svcctl;
using std::chrono_literals::operator""s;

TEST(Catalogue, HasAsManyServicesAsAskedForAndAlwaysTheWatchedOnes) {
  for (const std::size_t count : {10U, 250U, 1000U}) {
    const auto services = make_catalogue(count);
    ASSERT_EQ(services.size(), count);
    std::set<ServiceName> names;
    for (const auto& service : services) {
      names.insert(service->name);
      EXPECT_LE(service->utf16_name.size(), 2 * kMostName);
      EXPECT_LE(service->utf16_display_name.size(), 2 * kMostName);
    }
    EXPECT_EQ(names.size(), count) << "no name twice";
    for (const auto* watched : kWatchedServices) EXPECT_TRUE(names.contains(ServiceName(watched)));
  }
}

class HostModelTest : public testing::Test {
 protected:
  const ServiceStatusProcess& status(const char* name) {
    return host.find(ServiceName(name))->status;
  }
  std::uint32_t state(const char* name) { return status(name).current_state; }
  Result<> apply(Action action, const char* name) { return host.apply(action, ServiceName(name)); }

  ManualClock clock;
  HostModel host{{.name = "node", .pending = 2s}, make_catalogue(250), clock};
};

TEST_F(HostModelTest, BeginsAsItsCatalogueSays) {
  EXPECT_EQ(state("Spooler"), kRunning);
  EXPECT_NE(status("Spooler").process_id, 0U);
  EXPECT_EQ(state("wuauserv"), kStopped);
  EXPECT_EQ(status("wuauserv").win32_exit_code, kServiceNeverStarted);
  EXPECT_EQ(host.find(ServiceName("no such service")), nullptr);
  EXPECT_NE(host.find(ServiceName("SPOOLER")), nullptr);
}

/// How many of the services that do are in that state.
std::ptrdiff_t count(HostModel& host, std::uint32_t state) {
  host.settle();
  return std::ranges::count_if(host.services(), [&](const HostModel::Service& service) {
    return service.status.current_state == state;
  });
}

TEST_F(HostModelTest, AsksAllServicesToStopWhenItGoesDownAndTheyDoOneAfterTheOther) {
  const auto running = count(host, kRunning);
  host.shut_down(100s, Farewell::quiet);
  EXPECT_FALSE(host.says_shutdown());
  EXPECT_EQ(count(host, kStopPending), running);
  clock.advance(50s);
  EXPECT_NEAR(static_cast<double>(count(host, kStopPending)), static_cast<double>(running) / 2, 2);
  clock.advance(50s);
  EXPECT_EQ(count(host, kStopped), 250);
  host.shut_down(100s, Farewell::told);
  EXPECT_TRUE(host.says_shutdown());
}

TEST_F(HostModelTest, StartsWhatStartsByItselfWhenItComesBack) {
  const auto before = status("Spooler").process_id;
  EXPECT_EQ(state("TermService"), kRunning);  // which is started by hand
  host.shut_down(10s, Farewell::told);
  host.boot(100s);
  EXPECT_FALSE(host.says_shutdown());
  EXPECT_EQ(count(host, kStartPending), 1);
  EXPECT_EQ(state("RpcSs"), kRunning) << "without it no service manager answers";
  EXPECT_EQ(state("Spooler"), kStopped);
  EXPECT_EQ(state("TermService"), kStopped);
  clock.advance(99s);
  EXPECT_EQ(state("Spooler"), kRunning);
  EXPECT_NE(status("Spooler").process_id, before);
  EXPECT_NE(state("UALSVC"), kRunning) << "of delayed start";
  clock.advance(1s);
  EXPECT_EQ(state("UALSVC"), kRunning);
  EXPECT_EQ(state("TermService"), kStopped);
  EXPECT_EQ(count(host, kStartPending), 0);
}

TEST_F(HostModelTest, StopsAndStartsThroughPendingStates) {
  const auto before = status("Spooler").process_id;
  ASSERT_TRUE(apply(Action::stop, "Spooler"));
  EXPECT_EQ(state("Spooler"), kStopPending);
  EXPECT_GT(status("Spooler").wait_hint, 0U);
  EXPECT_EQ(status("Spooler").controls_accepted, 0U);
  clock.advance(1s);
  EXPECT_EQ(state("Spooler"), kStopPending);
  clock.advance(1s);
  EXPECT_EQ(state("Spooler"), kStopped);
  EXPECT_EQ(status("Spooler").process_id, 0U);

  ASSERT_TRUE(apply(Action::start, "Spooler"));
  EXPECT_EQ(state("Spooler"), kStartPending);
  clock.advance(2s);
  EXPECT_EQ(state("Spooler"), kRunning);
  EXPECT_NE(status("Spooler").process_id, before);
}

TEST_F(HostModelTest, PausesOnlyWhatAcceptsIt) {
  ASSERT_TRUE(apply(Action::pause, "Netlogon"));
  EXPECT_EQ(state("Netlogon"), kPausePending);
  clock.advance(2s);
  EXPECT_EQ(state("Netlogon"), kPaused);
  ASSERT_TRUE(apply(Action::resume, "Netlogon"));
  EXPECT_EQ(state("Netlogon"), kContinuePending);
  clock.advance(2s);
  EXPECT_EQ(state("Netlogon"), kRunning);
  EXPECT_EQ(apply(Action::pause, "Spooler").error().native, kServiceCannotAcceptControl);
}

TEST_F(HostModelTest, RefusesWhatTheStateDoesNotAllow) {
  EXPECT_EQ(apply(Action::start, "Spooler").error().native, kServiceAlreadyRunning);
  EXPECT_EQ(apply(Action::stop, "wuauserv").error().native, kServiceNotActive);
  EXPECT_EQ(apply(Action::start, "WSearch").error().native, kServiceDisabled);
  EXPECT_EQ(apply(Action::crash, "wuauserv").error().native, kServiceNotActive);
  EXPECT_EQ(apply(Action::stop, "no such service").error().kind, ErrorKind::not_found);
  ASSERT_TRUE(apply(Action::stop, "Spooler"));
  EXPECT_EQ(apply(Action::stop, "Spooler").error().native, kServiceCannotAcceptControl);
  EXPECT_EQ(host.control(*host.find(ServiceName("Themes")), 99), kInvalidServiceControl);
}

TEST_F(HostModelTest, CrashesRestartsAndHangs) {
  ASSERT_TRUE(apply(Action::crash, "Spooler"));
  EXPECT_EQ(state("Spooler"), kStopped);
  EXPECT_EQ(status("Spooler").win32_exit_code, 1067U);

  const auto before = status("Themes").process_id;
  ASSERT_TRUE(apply(Action::restart, "Themes"));
  EXPECT_EQ(state("Themes"), kRunning);
  EXPECT_NE(status("Themes").process_id, before);

  ASSERT_TRUE(apply(Action::hang, "Dhcp"));
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(state("Dhcp"), kStopPending);
  EXPECT_EQ(status("Dhcp").check_point, 1U);
}

TEST_F(HostModelTest, UninstalledServicesStayWhileAHandleIsOpen) {
  auto* spooler = host.find(ServiceName("Spooler"));
  spooler->handles = 1;
  ASSERT_TRUE(apply(Action::uninstall, "Spooler"));
  EXPECT_EQ(host.find(ServiceName("Spooler")), spooler);
  EXPECT_EQ(apply(Action::install, "Spooler").error().native, kServiceMarkedForDelete);
  EXPECT_EQ(apply(Action::uninstall, "Spooler").error().native, kServiceMarkedForDelete);
  spooler->handles = 0;
  EXPECT_EQ(host.find(ServiceName("Spooler")), nullptr);
  ASSERT_TRUE(apply(Action::install, "Spooler"));
  EXPECT_EQ(host.find(ServiceName("Spooler")), spooler);
}

TEST_F(HostModelTest, InstallsNewServices) {
  ASSERT_TRUE(apply(Action::install, "Dienst für $&()#"));
  EXPECT_EQ(state("dienst FÜR $&()#"), kStopped);
  ASSERT_TRUE(apply(Action::start, "Dienst für $&()#"));
}

TEST(Action, HasAWordForEach) {
  for (const auto action : all_values<Action>())
    EXPECT_EQ(parse_word<Action>(to_string(action)), action);
  EXPECT_EQ(parse_word<Action>("explode"), std::nullopt);
}

}  // namespace
}  // namespace tocsin::simulate
