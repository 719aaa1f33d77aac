// What is stopped and started in which order, over a service manager that a test pretends.
#include "probe/control_run.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "kit/virtual_time.h"
#include "net/loop.h"
#include "wire/svcctl/refusals.h"

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Services that do at once what they are told, unless a test says otherwise.
class PretendHost final : public ControlledHost {
 public:
  struct Service {
    ServiceStatus status{.state = running};
    Configuration configuration{.start_mode = StartMode::automatic,
                                .type = svcctl::kWin32OwnProcess};
    std::uint32_t refused_rights = 0;
    std::vector<ServiceName> dependents{};
    std::uint32_t start_error = 0;
    std::uint32_t stop_error = 0;
    std::function<void(ServiceStatus&)> starts = [](auto& status) { status = {.state = running}; };
    std::function<void(ServiceStatus&)> stops = [](auto& status) { status = {.state = stopped}; };
    std::function<void(ServiceStatus&)> asked = [](auto&) {};  ///< at each question
  };

  net::awaitable<Result<>> open(ServiceName name, std::uint32_t rights, net::Deadline) override {
    const auto found = services.find(name.text());
    if (found == services.end()) co_return refuse(svcctl::kServiceDoesNotExist);
    if ((found->second.refused_rights & rights) != 0) co_return refuse(svcctl::kAccessDenied);
    co_return Result<>{};
  }
  net::awaitable<Result<ServiceStatus>> query_status(ServiceName name, net::Deadline) override {
    auto& service = services.at(name.text());
    service.asked(service.status);
    co_return service.status;
  }
  net::awaitable<Result<Configuration>> query_configuration(ServiceName name,
                                                            net::Deadline) override {
    co_return services.at(name.text()).configuration;
  }
  net::awaitable<Result<std::vector<ServiceName>>> dependents(ServiceName name,
                                                              net::Deadline) override {
    if (!tells_dependents)
      co_return std::unexpected(svcctl::win32_error(svcctl::kCallNotImplemented));
    co_return services.at(name.text()).dependents;
  }
  net::awaitable<Result<>> start(ServiceName name, net::Deadline) override {
    calls.push_back("start " + name.text());
    auto& service = services.at(name.text());
    if (service.start_error != 0) co_return refuse(service.start_error);
    service.starts(service.status);
    co_return Result<>{};
  }
  net::awaitable<Result<>> control(ServiceName name, svcctl::Control control,
                                   net::Deadline) override {
    calls.push_back((control == svcctl::kStop ? "stop " : "continue ") + name.text());
    auto& service = services.at(name.text());
    if (control != svcctl::kStop) {
      service.starts(service.status);
    } else if (service.stop_error != 0) {
      co_return refuse(service.stop_error);
    } else {
      service.stops(service.status);
    }
    co_return Result<>{};
  }

  std::map<std::string, Service> services;
  bool tells_dependents = true;
  std::vector<std::string> calls;

 private:
  static Result<> refuse(std::uint32_t code) {
    return std::unexpected(svcctl::win32_error(code, "RPC"));
  }
};

class ControlRun : public testing::Test {
 protected:
  ControlRun() {
    // The engine and the proxy need the dispatcher, and the hub the proxy.
    for (const auto* name : {"dispatcher", "engine", "proxy", "hub"}) host.services[name];
    host.services["dispatcher"].dependents = {ServiceName("engine"), ServiceName("hub"),
                                              ServiceName("proxy")};
  }
  Result<ControlReport> run(ControlKind kind, const char* service = "dispatcher",
                            bool dry_run = false, std::chrono::milliseconds limit = 2min) {
    return loop.run_until_done(
        run_control(host, {.kind = kind, .service = ServiceName(service), .dry_run = dry_run},
                    net::within(limit)));
  }
  ControlReport report(ControlKind kind, const char* service = "dispatcher") {
    auto report = run(kind, service);
    EXPECT_TRUE(report) << report.error().what;
    return std::move(report).value_or(ControlReport{});
  }
  static std::vector<std::string> steps(const ControlReport& report) {
    std::vector<std::string> steps;
    steps.reserve(report.steps.size());
    for (const auto& step : report.steps)
      steps.push_back(std::string(to_string(step.kind)) + " " + step.service.text() +
                      (step.outcome ? "" : ": " + step.outcome.error().what));
    return steps;
  }
  PretendHost::Service& at(const char* name) { return host.services.at(name); }

  kit::VirtualTime time;
  net::Loop loop;
  PretendHost host;
};

TEST_F(ControlRun, DoesNothingWhereItIsAsAskedAlready) {
  const auto running_one = report(ControlKind::start, "engine");
  EXPECT_THAT(running_one.steps, IsEmpty());
  EXPECT_EQ(running_one.after.state, running);
  at("engine").status.state = stopped;
  EXPECT_THAT(report(ControlKind::stop, "engine").steps, IsEmpty());
  EXPECT_THAT(host.calls, IsEmpty());
}

TEST_F(ControlRun, StopsDependentsFirstAndStartsThemLast) {
  const auto restarted = report(ControlKind::restart);
  EXPECT_THAT(steps(restarted),
              ElementsAre("stop engine", "stop hub", "stop proxy", "stop dispatcher",
                          "start dispatcher", "start proxy", "start hub", "start engine"));
  EXPECT_TRUE(restarted.outcome());
  host.calls.clear();
  EXPECT_THAT(steps(report(ControlKind::stop)),
              ElementsAre("stop engine", "stop hub", "stop proxy", "stop dispatcher"));
}

TEST_F(ControlRun, RestartStartsOnlyWhatRan) {
  at("hub").status.state = stop_pending;
  at("hub").asked = [count = 0](ServiceStatus& status) mutable {
    if (++count == 3) status = {.state = stopped};
  };
  EXPECT_THAT(steps(report(ControlKind::restart)),
              ElementsAre("stop engine", "stop hub", "stop proxy", "stop dispatcher",
                          "start dispatcher", "start proxy", "start engine"));
  at("engine").status.state = stopped;
  EXPECT_THAT(steps(report(ControlKind::restart, "engine")), ElementsAre("start engine"));
}

TEST_F(ControlRun, ContinuesWhatIsPaused) {
  at("engine").status.state = paused;
  at("engine").refused_rights = svcctl::kServiceStart;
  EXPECT_THAT(steps(report(ControlKind::start, "engine")), ElementsAre("start engine"));
  EXPECT_THAT(host.calls, ElementsAre("continue engine"));
}

TEST_F(ControlRun, DryRunSaysWhatItWouldDoAndDoesNothing) {
  const auto planned = run(ControlKind::restart, "dispatcher", true);
  ASSERT_TRUE(planned) << planned.error().what;
  EXPECT_EQ(steps(*planned).size(), 8U);
  EXPECT_THAT(host.calls, IsEmpty());
  at("hub").refused_rights = svcctl::kServiceStop;
  const auto refused = run(ControlKind::restart, "dispatcher", true);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->outcome().error().kind, ErrorKind::denied);
}

TEST_F(ControlRun, StopsNothingThatItCouldNotStartAgain) {
  at("hub").configuration.start_mode = StartMode::disabled;
  const auto refused = report(ControlKind::restart);
  EXPECT_EQ(refused.outcome().error().native, svcctl::kServiceDisabled);
  EXPECT_THAT(steps(refused), ElementsAre(HasSubstr("start hub: hub is disabled")));
  EXPECT_THAT(host.calls, IsEmpty());
  at("engine").configuration.start_mode = StartMode::disabled;
  EXPECT_FALSE(report(ControlKind::restart, "engine").outcome());
  EXPECT_THAT(host.calls, IsEmpty());
  EXPECT_TRUE(report(ControlKind::stop).outcome()) << "who only stops may";
}

TEST_F(ControlRun, NamesTheRightThatIsMissing) {
  const std::pair<std::uint32_t, const char*> rights[] = {
      {svcctl::kServiceStop, "SERVICE_STOP"},
      {svcctl::kServiceStart, "SERVICE_START"},
      {svcctl::kServiceEnumerateDependents, "SERVICE_ENUMERATE_DEPENDENTS"}};
  for (const auto& [right, name] : rights) {
    at("dispatcher").refused_rights = right;
    const auto outcome = report(ControlKind::restart).outcome();
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(outcome.error().kind, ErrorKind::denied);
    EXPECT_EQ(outcome.error().native, svcctl::kAccessDenied);
    EXPECT_THAT(outcome.error().what, HasSubstr(name));
    EXPECT_THAT(outcome.error().what, HasSubstr("dispatcher"));
    EXPECT_THAT(outcome.error().what, HasSubstr("docs/windows-hosts.md"));
  }
  EXPECT_THAT(host.calls, IsEmpty());
}

TEST_F(ControlRun, StartsAgainWhatItStoppedBeforeAStepThatFailed) {
  at("proxy").stop_error = svcctl::kServiceCannotAcceptControl;
  const auto failed = report(ControlKind::restart);
  EXPECT_THAT(steps(failed),
              ElementsAre("stop engine", "stop hub", HasSubstr("stop proxy: the service takes no"),
                          "start hub", "start engine"));
  EXPECT_EQ(failed.outcome().error().native, svcctl::kServiceCannotAcceptControl);
  EXPECT_EQ(failed.after.state, running);
}

TEST_F(ControlRun, SaysWhyAServiceDoesNotStart) {
  at("engine").status.state = stopped;
  at("engine").start_error = svcctl::kServiceLogonFailed;
  EXPECT_THAT(
      steps(report(ControlKind::start, "engine")),
      ElementsAre("start engine: the account of the service could not log on (error 1069)"));
  at("engine").start_error = 0;
  at("engine").starts = [](ServiceStatus& status) {
    status = {.state = stopped, .exit_code = svcctl::kServiceSpecificError, .service_exit_code = 7};
  };
  EXPECT_THAT(steps(report(ControlKind::start, "engine")),
              ElementsAre("start engine: it stopped again with its own error 7"));
  at("engine").starts = [](ServiceStatus& status) {
    status = {.state = stopped, .exit_code = svcctl::kProcessAborted};
  };
  EXPECT_EQ(report(ControlKind::start, "engine").outcome().error().native, svcctl::kProcessAborted);
}

TEST_F(ControlRun, TakesATimeLimitOfWindowsForAnAnswer) {
  at("hub").status.state = stopped;
  at("hub").start_error = svcctl::kServiceRequestTimeout;
  EXPECT_THAT(steps(report(ControlKind::start, "hub")),
              ElementsAre(HasSubstr("the service did not respond in time")));
  EXPECT_THAT(host.calls, ElementsAre("start hub")) << "not tried again";
}

TEST_F(ControlRun, WaitsAsLongAsTheServiceMakesProgress) {
  at("engine").status.state = stopped;
  at("engine").starts = [](ServiceStatus& status) {
    status = {.state = start_pending, .checkpoint = 1, .wait_hint = 3s};
  };
  const auto begun = net::MonotonicClock::now();
  at("engine").asked = [&](ServiceStatus& status) {
    const auto passed = net::MonotonicClock::now() - begun;
    if (status.state != start_pending) return;
    status.checkpoint = static_cast<std::uint32_t>(1 + passed / 8s);
    if (passed > 50s) status = {.state = running};
  };
  const auto started = report(ControlKind::start, "engine");
  EXPECT_TRUE(started.outcome());
  EXPECT_GE(started.steps.at(0).took, 50s);
}

TEST_F(ControlRun, GivesUpWhereItMakesNone) {
  at("engine").stops = [](ServiceStatus& status) {
    status = {.state = stop_pending, .checkpoint = 1, .wait_hint = 30s};
  };
  const auto hung = report(ControlKind::stop, "engine");
  EXPECT_EQ(hung.outcome().error().kind, ErrorKind::timed_out);
  EXPECT_THAT(steps(hung),
              ElementsAre("stop engine: it is still STOP_PENDING after 30 s without progress"));
  EXPECT_EQ(hung.after.state, stop_pending);
}

TEST_F(ControlRun, StopsWhatHangsWhereItTakesControls) {
  at("engine").status = {.state = pause_pending, .checkpoint = 1};
  EXPECT_THAT(steps(report(ControlKind::restart, "engine")),
              ElementsAre("stop engine", "start engine"));
  host.calls.clear();
  at("engine").status = {.state = start_pending, .checkpoint = 1};
  EXPECT_THAT(steps(report(ControlKind::restart, "engine")),
              ElementsAre("stop engine: it is still START_PENDING after 10 s without progress"));
  EXPECT_THAT(host.calls, IsEmpty()) << "Windows refuses it";
}

TEST_F(ControlRun, RestartStartsWhatStopsLate) {
  for (const auto late : {15s, 100s}) {  // the stop may take 90 s of the two minutes
    net::Deadline asked_at{};
    at("engine").stops = [&](ServiceStatus& status) {
      asked_at = net::MonotonicClock::now();
      status = {.state = stop_pending};
    };
    at("engine").asked = [&](ServiceStatus& status) {
      if (status.state == stop_pending && net::MonotonicClock::now() - asked_at >= late)
        status = {.state = stopped};
    };
    const auto restarted = report(ControlKind::restart, "engine");
    EXPECT_EQ(restarted.after.state, running) << late.count();
    EXPECT_EQ(restarted.outcome().has_value(), late < 90s);
    EXPECT_THAT(host.calls, ElementsAre("stop engine", "start engine"));
    host.calls.clear();
  }
}

TEST_F(ControlRun, RestartUnlessRunningLeavesAloneWhatRuns) {
  const ControlRequest request{
      .kind = ControlKind::restart, .service = ServiceName("dispatcher"), .unless_running = true};
  const auto comes_up_after = [](int questions) {
    return [count = 0, questions](ServiceStatus& status) mutable {
      if (++count > questions) status = {.state = running};
    };
  };
  // At the first question; while it starts; and while it cannot be stopped yet.
  for (const auto questions : {0, 2, 20}) {
    at("dispatcher").status = {.state = start_pending};
    at("dispatcher").asked = comes_up_after(questions);
    const auto left = loop.run_until_done(run_control(host, request, net::within(2min)));
    ASSERT_TRUE(left);
    EXPECT_TRUE(left->outcome());
    EXPECT_EQ(left->after.state, running);
    EXPECT_THAT(host.calls, testing::Not(testing::Contains("stop dispatcher"))) << questions;
  }
  at("dispatcher").asked = [](ServiceStatus&) {};
  at("dispatcher").status = {.state = paused};
  EXPECT_TRUE(loop.run_until_done(run_control(host, request, net::within(2min)))->outcome());
  EXPECT_THAT(host.calls, testing::Contains("stop dispatcher"));
}

TEST_F(ControlRun, EndsAtTheDeadline) {
  at("engine").stops = [](ServiceStatus& status) {
    status = {.state = stop_pending, .wait_hint = 1h};
  };
  const auto begun = net::MonotonicClock::now();
  const auto hung = run(ControlKind::restart, "dispatcher", false, 40s);
  ASSERT_TRUE(hung);
  EXPECT_EQ(hung->outcome().error().kind, ErrorKind::timed_out);
  EXPECT_LE(net::MonotonicClock::now() - begun, 40s);
}

TEST_F(ControlRun, ControlsServicesOnly) {
  at("engine").configuration.type = svcctl::kKernelDriver;
  const auto driver = run(ControlKind::stop, "engine");
  ASSERT_FALSE(driver);
  EXPECT_EQ(driver.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(driver.error().what, "engine is a driver, not a service");
  at("engine").configuration.type = svcctl::kWin32OwnProcess | svcctl::kUserService;
  EXPECT_THAT(run(ControlKind::stop, "engine").error().what, HasSubstr("per-user service"));
  EXPECT_EQ(run(ControlKind::stop, "nothing").error().kind, ErrorKind::not_found);
  EXPECT_THAT(host.calls, IsEmpty());
}

TEST_F(ControlRun, StopsEachOnceWhateverTheHostNames) {
  at("dispatcher").dependents = {ServiceName("engine"), ServiceName("dispatcher"),
                                 ServiceName("ENGINE"), ServiceName("proxy")};
  at("engine").dependents = {ServiceName("dispatcher")};
  report(ControlKind::restart);
  EXPECT_THAT(host.calls, ElementsAre("stop engine", "stop proxy", "stop dispatcher",
                                      "start dispatcher", "start proxy", "start engine"));
}

TEST_F(ControlRun, OpensNoneOfTooManyDependents) {
  auto& dependents = at("dispatcher").dependents;
  dependents.clear();
  for (int i = 0; i < 20'000; i++) dependents.emplace_back("s" + std::to_string(i));
  EXPECT_THAT(steps(report(ControlKind::restart)),
              ElementsAre(HasSubstr("20000 services depend on it")));
  EXPECT_THAT(host.calls, IsEmpty());
}

TEST_F(ControlRun, LeavesDependentsToAHostThatDoesNotNameThem) {
  host.tells_dependents = false;
  EXPECT_THAT(steps(report(ControlKind::restart)),
              ElementsAre("stop dispatcher", "start dispatcher"));
}

}  // namespace
}  // namespace tocsin::probe
