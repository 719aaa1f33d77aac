// Starting and stopping on a pretend host, over its network protocol.
#include "probe/smb/smb_control.h"

#include <gmock/gmock.h>

#include "unit/probe/pretend_host.h"

namespace tocsin::probe {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

constexpr auto kDispatcher = "QlikSenseServiceDispatcher";

class SmbControlTest : public PretendHostTest {
 protected:
  SmbControlTest() { start({.services = 20}); }
  Result<ControlReport> run(ControlKind kind, const char* service, bool dry_run = false) {
    net::Connector connector(loop.executor());
    const auto control = make_smb_control(host, options, connector, kit::counting_random(), clock);
    return loop.run_until_done(
        control->run({.kind = kind, .service = ServiceName(service), .dry_run = dry_run}, soon()));
  }
  ServiceState state(const char* service) {
    watch({service});
    return states().at(service);
  }
};

TEST_F(SmbControlTest, RestartsAServiceWithWhatNeedsIt) {
  const auto report = run(ControlKind::restart, kDispatcher);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->outcome());
  EXPECT_GT(report->steps.size(), 4U);
  EXPECT_EQ(report->steps.size() % 2, 0U);
  EXPECT_EQ(report->before.state, ServiceState::running);
  EXPECT_EQ(report->after.state, ServiceState::running);
  EXPECT_NE(report->after.process_id, report->before.process_id);
  EXPECT_EQ(state("QlikSenseEngineService"), ServiceState::running);
}

TEST_F(SmbControlTest, StopsAndStarts) {
  ASSERT_TRUE(run(ControlKind::stop, "QlikSenseEngineService"));
  EXPECT_EQ(state("QlikSenseEngineService"), ServiceState::stopped);
  const auto planned = run(ControlKind::start, "QlikSenseEngineService", true);
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->steps, SizeIs(1));
  EXPECT_EQ(state("QlikSenseEngineService"), ServiceState::stopped);
  happen(simulate::Action::unplug, "QlikSenseEngineService");
  const auto failed = run(ControlKind::start, "QlikSenseEngineService");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->outcome().error().native, svcctl::kServiceLogonFailed);
}

TEST_F(SmbControlTest, SaysWhatTheAccountMayNot) {
  happen(simulate::Action::protect, kDispatcher);
  const auto report = run(ControlKind::stop, kDispatcher);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->outcome().error().kind, ErrorKind::denied);
  EXPECT_THAT(report->outcome().error().what,
              HasSubstr("SERVICE_STOP on QlikSenseServiceDispatcher"));
  happen(simulate::Action::deny, kDispatcher);
  EXPECT_EQ(run(ControlKind::stop, kDispatcher).error().kind, ErrorKind::denied);
}

/// Wherever the connection breaks, nothing stays stopped that was running before.
TEST_F(SmbControlTest, RestartsThroughABrokenConnection) {
  options.login_limit = std::chrono::seconds(5);
  const std::vector<std::string> services = {kDispatcher, "QlikSenseEngineService"};
  int completed = 0;
  relay->reset_counts();
  run(ControlKind::restart, kDispatcher).value();
  const auto requests = relay->requests();
  for (std::size_t cut_at = 1; cut_at <= requests; cut_at++) {
    relay->at_request(cut_at, [this] { relay->cut(); });
    const auto report = run(ControlKind::restart, kDispatcher);
    relay->at_request(1, nullptr);
    completed += report && report->outcome() ? 1 : 0;
    for (const auto& service : services)
      ASSERT_EQ(state(service.c_str()), ServiceState::running) << service << ", cut at " << cut_at;
  }
  EXPECT_GT(completed, 20);
}

TEST_F(SmbControlTest, GivesUpWhereTheConnectionBreaksBeforeAnythingIsDone) {
  relay->reset_counts();
  run(ControlKind::restart, kDispatcher, true).value();
  const auto requests = relay->requests();
  for (std::size_t cut_at = 1; cut_at <= requests; cut_at++) {
    relay->reset_counts();
    relay->at_request(cut_at, [this] { relay->cut(); });
    (void)run(ControlKind::restart, kDispatcher, true);
    relay->at_request(1, nullptr);
    EXPECT_EQ(relay->connections(), 1U) << "cut at " << cut_at;
  }
}

TEST_F(SmbControlTest, SaysThatTheLoginIsRefused) {
  set_password("wrong");
  EXPECT_EQ(run(ControlKind::stop, kDispatcher).error().kind, ErrorKind::login_refused);
}

}  // namespace
}  // namespace tocsin::probe
