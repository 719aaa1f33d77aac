// tocsin gets services running again: with a pretend host, a pretend way to start its services, and
// a real store.
#include "daemon/recovery.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/fleet.h"
#include "store/reader.h"
#include "store/requests.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kAborted = 1067;
constexpr std::uint32_t kLogonFailed = 1069;

/// What the services of all hosts are.
struct World : std::map<ServiceName, ServiceStatus> {
  std::function<void()> asked = [] {};  ///< at each check
};

class WorldProbe final : public probe::Probe {
 public:
  explicit WorldProbe(const World& world) : world_(world) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    world_.asked();
    std::vector<ObservedService> services;
    for (const auto& [name, status] : world_) {
      services.push_back({.name = name, .status = status, .details = details_});
    }
    co_return services;
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  const World& world_;
  std::shared_ptr<const ServiceDetails> details_ =
      std::make_shared<const ServiceDetails>(ServiceDetails{.start_mode = StartMode::automatic});
};

/// How attempts fare.
struct Attempts {
  std::function<probe::ControlReport(const probe::ControlRequest&)> answer;
  std::vector<std::string> begun;  ///< "node1: start Spooler"
  Duration take{};
  std::size_t under_way = 0;
  std::size_t most_under_way = 0;
};

class PretendControl final : public probe::Control {
 public:
  PretendControl(HostName host, Attempts& attempts) : host_(std::move(host)), attempts_(attempts) {}
  net::awaitable<Result<probe::ControlReport>> run(probe::ControlRequest request,
                                                   net::Deadline /*deadline*/) override {
    attempts_.begun.push_back(host_.text() + ": " + std::string(to_string(request.kind)) + " " +
                              request.service.text());
    attempts_.most_under_way = std::max(attempts_.most_under_way, ++attempts_.under_way);
    net::Event never(co_await boost::asio::this_coro::executor);
    (void)co_await never.wait_until(net::within(attempts_.take));
    attempts_.under_way--;
    co_return attempts_.answer(request);
  }

 private:
  HostName host_;
  Attempts& attempts_;
};

class RecoveryTest : public DaemonTest {
 protected:
  /// tocsin, from its start to its end.
  struct Run {
    Run(const std::filesystem::path& folder, const World& world, Attempts& attempts, Time now)
        : deps(folder), stored(store::Recoveries::open(folder).value()) {
      if (now != Time{}) deps.clock_.set_clock(now - deps.clock_.now());
      const auto known = stored.load().value();
      recovery.emplace(
          deps.loop_.executor(),
          Recovery::Deps{
              .clock = deps.clock_,
              .log = deps.log_,
              .metrics = deps.metrics_,
              .stored = stored,
              .worker = worker,
              .find_watcher = [this](const auto& host) { return fleet->find_watcher(host); },
              .check_soon = [this](const auto& host) { fleet->check_soon(host); },
              .make_control =
                  [&attempts](const auto& host) {
                    return std::make_unique<PretendControl>(host.name, attempts);
                  },
              .is_controlling = [this](const auto& /*host*/) { return is_controlling; }},
          known);
      auto watching = deps.watcher_deps(
          checks, [&world](const auto& /*host*/) { return std::make_unique<WorldProbe>(world); });
      watching.on_update = [this](const MonitoredHost& host) { recovery->note(host); };
      watching.on_change = [this](const MonitoredHost& host, bool) { recovery->note(host); };
      watching.on_gone = [this](const HostName& host) { recovery->forget(host); };
      watching.recovery = [this](const HostName& host, const ServiceName& service) {
        return recovery->find(host, service);
      };
      fleet.emplace(deps.loop_.executor(), std::move(watching));
    }
    ~Run() {
      tasks.cancel();
      deps.loop_.run_until_done(recovery->stop(net::within(last_controls)));
      deps.loop_.run_until_done(fleet->stop());
      deps.loop_.run_until_done(tasks.join());
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void watch(const std::vector<config::Host>& hosts) {
      auto known = deps.load_states();
      fleet->set_hosts(hosts, std::move(known));
      tasks.spawn(recovery->run());
    }

    bool is_controlling = false;
    Duration last_controls{};
    Deps deps;
    net::Worker worker{"recoveries", 1};
    store::Recoveries stored;
    net::Semaphore checks{deps.loop_.executor(), 100};
    std::optional<Recovery> recovery;
    std::optional<Fleet> fleet;
    net::TaskScope tasks{deps.loop_.executor()};
  };

  RecoveryTest() {
    host_.control.emplace();
    host_.frequency = Schedule::parse("every 10 seconds").value();
    host_.services = Watchlist({{.pattern = "Spooler", .policy = policy_}});
    runs("Spooler");
    attempts_.answer = [this](const auto& request) {
      const auto before = world_[request.service];
      runs(request.service.text().c_str());
      return probe::ControlReport{
          .before = before,
          .steps = {{.kind = probe::ControlKind::start, .service = request.service}},
          .after = world_[request.service]};
    };
  }

  void runs(const char* name) {
    world_[ServiceName(name)] = {.state = ServiceState::running, .process_id = ++process_};
  }
  void stops(const char* name, std::uint32_t exit_code = kAborted) {
    world_[ServiceName(name)] = {.state = ServiceState::stopped, .exit_code = exit_code};
  }
  void attempts_fail() {
    attempts_.answer = [](const auto& request) {
      const Error error{.kind = ErrorKind::rejected,
                        .what = "its account could not log on",
                        .native = kLogonFailed};
      return probe::ControlReport{.steps = {{.kind = probe::ControlKind::start,
                                             .service = request.service,
                                             .outcome = std::unexpected(error)}}};
    };
  }
  void begin() {
    run_.emplace(folder_, world_, attempts_, now_);
    run_->watch({host_});
    pass(15s);
  }
  /// Returns at the alert; the attempt is due in 20 s, and the next check by the schedule later.
  void begin_and_stop_between_checks() {
    host_.frequency = Schedule::parse("every 1 minute").value();
    policy_.recovery.waits = {20s};
    host_.services = Watchlist({{.pattern = "Spooler", .policy = policy_}});
    begin();
    stops("Spooler");
    while (notified().empty()) pass(1s);
  }
  void end() {
    now_ = run_->deps.clock_.now();
    run_.reset();
  }
  void restart() {
    end();
    begin();
  }
  void pass(Duration time) { run_->deps.pass(time); }
  std::vector<std::string> notified() { return run_->deps.notified(0); }
  /// "started node1/Spooler: attempt 1 of 3: it runs", the latest first.
  std::vector<std::string> actions() {
    std::vector<std::string> all;
    for (const auto& action : store::Reader::open(folder_)->actions({})->actions)
      all.push_back(std::string(to_string(action.kind)) + " " + action.scope.text() + ": " +
                    action.reason);
    return all;
  }
  void person_did(ActionKind kind) {
    const std::vector<ServiceName> spooler{ServiceName("spooler")};
    const bool stopped = kind == ActionKind::stopped;
    ASSERT_TRUE(store::Requests::open(folder_)->add_control(
        {.action = {.by = {.name = "Ann", .at = run_->deps.clock_.now()},
                    .kind = kind,
                    .scope = SilenceScope::parse("node1/spooler")},
         .stopped = stopped ? spooler : std::vector<ServiceName>(),
         .started = stopped ? std::vector<ServiceName>() : spooler}));
  }

  Policy policy_{.recovery = {.enabled = true}};
  World world_;
  Attempts attempts_;
  std::uint32_t process_ = 100;
  Time now_{};
  std::optional<Run> run_;
};

TEST_F(RecoveryTest, StartsAServiceThatHasCrashedAndSaysSo) {
  begin();
  stops("Spooler");
  pass(10s);
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler")) << "the alert does not wait";
  EXPECT_THAT(attempts_.begun, IsEmpty());
  pass(11s);
  EXPECT_THAT(attempts_.begun, ElementsAre("node1: start Spooler"));
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler", "started Spooler"));
  EXPECT_EQ(run_->deps.notified_.back().recovery, "after tocsin started it (attempt 1 of 3)");
  EXPECT_THAT(actions(), ElementsAre("started node1/Spooler: attempt 1 of 3: it runs"));
  EXPECT_THAT(run_->deps.metrics_.text({}),
              HasSubstr("tocsin_recovery_attempts_total{outcome=\"succeeded\"} 1\n"));
}

TEST_F(RecoveryTest, GivesUpAfterSoManyAttemptsAndSaysSoOnce) {
  attempts_fail();
  begin();
  stops("Spooler");
  pass(1h);
  EXPECT_THAT(attempts_.begun, SizeIs(3));
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler", "stopped Spooler"));
  const auto& last = run_->deps.notified_.back();
  EXPECT_EQ(last.reminder, 1);
  EXPECT_EQ(last.recovery,
            "tried to start it 3 times: 1069: its account could not log on; it is not tried again "
            "until it has run for 1 h");
  EXPECT_THAT(
      actions(),
      ElementsAre("started node1/Spooler: attempt 3 of 3: 1069: its account could not log on",
                  "started node1/Spooler: attempt 2 of 3: 1069: its account could not log on",
                  "started node1/Spooler: attempt 1 of 3: 1069: its account could not log on"));
}

TEST_F(RecoveryTest, OfACrashLoopEndsAsWell) {
  begin();
  for (int i = 0; i < 10; i++) {
    stops("Spooler");
    pass(7min);
  }
  EXPECT_THAT(attempts_.begun, SizeIs(3));
}

TEST_F(RecoveryTest, CountsFromNoughtAfterAServiceHasRunForLongEnough) {
  begin();
  for (int i = 0; i < 5; i++) {
    stops("Spooler");
    pass(90min);
  }
  EXPECT_THAT(attempts_.begun, SizeIs(5));
  EXPECT_THAT(actions().front(), HasSubstr("attempt 1 of 3"));
}

TEST_F(RecoveryTest, MakesNoMoreAttemptsForARestartOfTocsin) {
  attempts_fail();
  begin();
  stops("Spooler");
  for (int i = 0; i < 8; i++) {
    pass(2min);
    restart();
  }
  pass(1h);
  EXPECT_THAT(attempts_.begun, SizeIs(3));
}

TEST_F(RecoveryTest, CountsAnAttemptThatTocsinHasEndedIn) {
  attempts_.take = 1min;
  attempts_fail();
  begin();
  stops("Spooler");
  pass(30s);
  EXPECT_THAT(attempts_.begun, SizeIs(1));
  restart();
  const auto* known = run_->recovery->find(host_.name, ServiceName("Spooler"));
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->attempts, 1);
  EXPECT_EQ(known->outcome, "tocsin ended during it");
  pass(1h);
  EXPECT_THAT(attempts_.begun, SizeIs(3)) << "two were left";
}

TEST_F(RecoveryTest, LetsAnAttemptEndWhenTocsinDoes) {
  attempts_.take = 1min;
  begin();
  stops("Spooler");
  pass(30s);
  EXPECT_EQ(attempts_.under_way, 1);
  run_->last_controls = 2min;
  restart();
  EXPECT_EQ(attempts_.under_way, 0);
  const auto* known = run_->recovery->find(host_.name, ServiceName("Spooler"));
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->outcome, "it runs");
}

TEST_F(RecoveryTest, KeepsOffAHostWhereAPersonActs) {
  attempts_fail();
  begin();
  stops("Spooler");
  run_->is_controlling = true;
  pass(10min);
  EXPECT_THAT(attempts_.begun, IsEmpty());
  run_->is_controlling = false;
  pass(2min);
  EXPECT_THAT(attempts_.begun, Not(IsEmpty()));
}

TEST_F(RecoveryTest, LeavesWhatAPersonStopsDuringTheCheckBefore) {
  begin_and_stop_between_checks();
  const auto alerted = run_->deps.clock_.now();
  world_.asked = [&] {
    if (run_->deps.clock_.now() > alerted + 19s) person_did(ActionKind::stopped);
  };
  pass(10min);
  EXPECT_THAT(attempts_.begun, IsEmpty());
}

TEST_F(RecoveryTest, ChecksRightBefore) {
  begin_and_stop_between_checks();
  runs("Spooler");  // which the next check by the schedule would see too late
  pass(2min);
  EXPECT_THAT(attempts_.begun, IsEmpty());
  EXPECT_THAT(notified(), ElementsAre("stopped Spooler", "started Spooler"));
  EXPECT_THAT(run_->deps.notified_.back().recovery, IsEmpty());
}

TEST_F(RecoveryTest, LeavesWhatAPersonHasStoppedUntilItHasRunAgain) {
  policy_.recovery.clean_exit = true;
  host_.services = Watchlist({{.pattern = "Spooler", .policy = policy_}});
  begin();
  stops("Spooler", 0);
  person_did(ActionKind::stopped);
  pass(10min);
  restart();
  pass(10min);
  EXPECT_THAT(attempts_.begun, IsEmpty());
  runs("Spooler");
  pass(1min);
  stops("Spooler", 0);
  pass(1min);
  EXPECT_THAT(attempts_.begun, SizeIs(1));
}

TEST_F(RecoveryTest, MakesAllAttemptsAgainForWhatAPersonHasStarted) {
  attempts_fail();
  begin();
  stops("Spooler");
  pass(1h);
  EXPECT_THAT(attempts_.begun, SizeIs(3));
  runs("Spooler");
  person_did(ActionKind::started);
  pass(1min);
  stops("Spooler");
  pass(1h);
  EXPECT_THAT(attempts_.begun, SizeIs(6));
}

TEST_F(RecoveryTest, NeverTouchesAHostWithoutControl) {
  host_.control.reset();
  begin();
  stops("Spooler");
  pass(1h);
  EXPECT_THAT(attempts_.begun, IsEmpty());
}

TEST_F(RecoveryTest, IsSwitchedOffByAReload) {
  policy_.recovery.waits = {1min};
  host_.services = Watchlist({{.pattern = "Spooler", .policy = policy_}});
  begin();
  stops("Spooler");
  pass(12s);
  auto without = host_;
  without.control.reset();
  run_->fleet->set_hosts({without}, {});
  pass(1h);
  EXPECT_THAT(attempts_.begun, IsEmpty());
}

TEST_F(RecoveryTest, ForgetsAHostThatIsNotWatchedAnyMore) {
  attempts_fail();
  begin();
  stops("Spooler");
  pass(1min);
  EXPECT_THAT(run_->stored.load().value(), SizeIs(1));
  run_->fleet->set_hosts({}, {});
  pass(1min);
  EXPECT_THAT(run_->stored.load().value(), IsEmpty());
}

TEST_F(RecoveryTest, AttemptsOneAtATimeOnAHost) {
  attempts_.take = 30s;
  host_.services = Watchlist(
      {{.pattern = "Spooler", .policy = policy_}, {.pattern = "W32Time", .policy = policy_}});
  runs("W32Time");
  begin();
  stops("Spooler");
  stops("W32Time");
  pass(5min);
  EXPECT_THAT(attempts_.begun,
              testing::UnorderedElementsAre("node1: start Spooler", "node1: start W32Time"));
  EXPECT_EQ(attempts_.most_under_way, 1);
}

TEST_F(RecoveryTest, AttemptsOnEightHostsAtATime) {
  attempts_.take = 30s;
  attempts_fail();
  policy_.recovery.attempts = 1;
  host_.services = Watchlist({{.pattern = "Spooler", .policy = policy_}});
  std::vector<config::Host> hosts;
  for (int i = 0; i < 20; i++) {
    hosts.push_back(host_);
    hosts.back().name = HostName("node" + std::to_string(i));
  }
  run_.emplace(folder_, world_, attempts_, now_);
  run_->watch(hosts);
  pass(15s);
  stops("Spooler");
  pass(5min);
  EXPECT_THAT(attempts_.begun, SizeIs(20));
  EXPECT_EQ(attempts_.most_under_way, 8);
}

}  // namespace
}  // namespace tocsin::daemon
