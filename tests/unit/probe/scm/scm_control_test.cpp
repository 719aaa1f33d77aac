// Starting and stopping through the service API.
#include "probe/scm/scm_control.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "net/loop.h"
#include "unit/probe/scm/pretend_system.h"

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using scm::PretendSystem;
using testing::ElementsAre;

class ScmControlTest : public testing::Test {
 protected:
  ScmControlTest() {
    system->machine->set("Spooler", svcctl::kRunning, 10);
    system->machine->set("Fax", svcctl::kRunning, 11);
    system->machine->services["Spooler"].dependents = {"Fax"};
  }
  Result<ControlReport> run(ControlKind kind, const char* service = "Spooler") {
    return loop.run_until_done(
        control->run({.kind = kind, .service = ServiceName(service)}, net::within(1min)));
  }
  /// What was done to services, without the questions.
  std::vector<std::string> done() {
    auto calls = system->machine->calls;
    std::erase_if(calls, [](const std::string& call) {
      return !call.starts_with("start") && !call.starts_with("control");
    });
    return calls;
  }

  net::Loop loop;
  net::Worker threads{"scm", 4};
  std::shared_ptr<PretendSystem> system = std::make_shared<PretendSystem>();
  std::unique_ptr<Control> control = make_scm_control("localhost", system, threads);
};

TEST_F(ScmControlTest, RestartsWithWhatDependsOnItAndClosesItsHandles) {
  const auto report = run(ControlKind::restart);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->outcome());
  EXPECT_EQ(report->after.state, ServiceState::running);
  EXPECT_THAT(done(),
              ElementsAre("control 1 Fax", "control 1 Spooler", "start Spooler", "start Fax"));
  EXPECT_EQ(system->opened, std::vector<std::string>{""}) << "this machine";
  const auto& calls = system->machine->calls;
  for (const auto* name : {"Spooler", "Fax"})
    EXPECT_EQ(std::ranges::count(calls, std::string("open ") + name),
              std::ranges::count(calls, std::string("close ") + name));
}

TEST_F(ScmControlTest, SaysWhichRightIsMissing) {
  system->machine->services["Fax"].refused_rights = svcctl::kServiceStart;
  const auto report = run(ControlKind::restart);
  ASSERT_TRUE(report) << report.error().what;
  const auto outcome = report->outcome();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::denied);
  EXPECT_EQ(
      outcome.error().what,
      "access is denied: grant the account SERVICE_START on Fax, as docs/windows-hosts.md shows");
  EXPECT_TRUE(done().empty()) << "nothing is stopped before that is known";
}

TEST_F(ScmControlTest, SaysWhyAServiceDoesNotStart) {
  system->machine->set("Fax", svcctl::kStopped);
  system->machine->services["Fax"].start_error = 1069;
  const auto report = run(ControlKind::start, "Fax");
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->outcome().error().what,
            "the account of the service could not log on (error 1069)");
  EXPECT_EQ(report->after.state, ServiceState::stopped);
}

TEST_F(ScmControlTest, KnowsNoSuchService) {
  const auto report = run(ControlKind::start, "Nothing");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::not_found);
  EXPECT_EQ(report.error().what, "there is no such service (error 1060)");
}

}  // namespace
}  // namespace tocsin::probe
