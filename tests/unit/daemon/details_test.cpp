// Details of services never hold back states, and alerts that need them only for a moment.
#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

/// What a host says, and whether it answers questions about details.
struct DetailedHost {
  ServiceState state = running;
  std::shared_ptr<const ServiceDetails> details = std::make_shared<const ServiceDetails>(
      ServiceDetails{.display_name = "Print Spooler", .start_mode = StartMode::automatic});
  bool answers = true;
  bool goes_down = false;
  bool are_known = false;  ///< by the probe
  std::vector<ServiceName> asked{};
  int checks = 0;
  std::vector<std::string> recalled{};  ///< with state and process
};

class DetailedProbe final : public probe::Probe {
 public:
  explicit DetailedProbe(DetailedHost& host) : host_(host) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    host_.checks++;
    co_return std::vector{ObservedService{.name = ServiceName("Spooler"),
                                          .status = {.state = host_.state, .process_id = 7},
                                          .details = host_.are_known ? host_.details : nullptr}};
  }
  void recall(std::span<const ObservedService> known) override {
    for (const auto& [name, status, details] : known)
      host_.recalled.push_back(fmt::format("{} {} {} {}", name.text(), to_string(status.state),
                                           status.process_id, details->display_name));
  }
  [[nodiscard]] std::vector<ServiceName> due_details() const override {
    return {ServiceName("Spooler")};
  }
  net::awaitable<Result<KnownDetails>> read_details(std::vector<ServiceName> services,
                                                    net::Deadline deadline) override {
    host_.asked = services;
    if (host_.goes_down) co_return fail(ErrorKind::unreachable, "going down", 1115);
    if (!host_.answers) {
      co_await listen(deadline);
      co_return KnownDetails{};
    }
    co_return KnownDetails{{ServiceName("Spooler"), host_.details}};
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  DetailedHost& host_;
};

class DetailsTest : public DaemonTest {
 protected:
  /// Checks it in the state that it is in, and answers how long that took.
  Duration check() {
    const auto begun = deps_.clock_.now();
    deps_.loop_.run_until_done(watcher_.check());
    return deps_.clock_.now() - begun;
  }
  Duration check(ServiceState state) {
    says_.state = state;
    return check();
  }
  void watch(std::vector<WatchedService> services) {
    host_.services = Watchlist(std::move(services));
    watcher_.reconfigure(host_);
    run_for(1s);
  }
  /// As the daemon does, details that are due included.
  void run_for(Duration time) {
    net::TaskScope task(deps_.loop_.executor());
    task.spawn(watcher_.run());
    deps_.pass(time);
    task.cancel();
    deps_.loop_.run_until_done(task.join());
  }
  std::shared_ptr<const ServiceDetails> known() {
    return watcher_.monitored().details(ServiceName("Spooler"));
  }

  DetailedHost says_;
  Deps deps_{folder_};
  net::Semaphore checks_{deps_.loop_.executor(), 1};
  Watcher watcher_{
      host_, {}, Deps::shared(deps_.watcher_deps(checks_, [this](const auto& /*host*/) {
        return std::make_unique<DetailedProbe>(says_);
      }))};
};

TEST_F(DetailsTest, StatesWaitForNoDetailsThatNothingNeeds) {
  says_.answers = false;
  EXPECT_EQ(check(running), 0s);
  EXPECT_THAT(says_.asked, IsEmpty());
  says_.are_known = true;
  EXPECT_EQ(check(stopped), 0s) << "they are known";
  EXPECT_THAT(deps_.notified(1), ElementsAre("stopped Spooler"));
}

TEST_F(DetailsTest, AnAlertWaitsTwoSecondsForDetailsAndLeavesWithoutThem) {
  says_.answers = false;
  check(running);
  EXPECT_EQ(check(stopped), 2s);
  EXPECT_THAT(says_.asked, ElementsAre(ServiceName("Spooler")));
  ASSERT_THAT(deps_.notified(1), ElementsAre("stopped Spooler"));
  EXPECT_EQ(deps_.notified_[0].details, ServiceDetails{});
}

TEST_F(DetailsTest, AnAlertSaysWhatIsAskedForFirst) {
  EXPECT_EQ(check(stopped), 0s) << "at first sight";
  ASSERT_THAT(deps_.notified(1), ElementsAre("stopped Spooler"));
  EXPECT_EQ(deps_.notified_[0].details.display_name, "Print Spooler");
}

TEST_F(DetailsTest, APolicyKnowsTheDetailsThatItDependsOn) {
  says_.details = std::make_shared<const ServiceDetails>(
      ServiceDetails{.start_mode = StartMode::manual, .trigger_start = true});
  says_.answers = false;
  watch({{.pattern = "Spo*"}});
  says_.answers = true;
  check(stopped);
  EXPECT_THAT(says_.asked, ElementsAre(ServiceName("Spooler")));
  EXPECT_THAT(deps_.notified(0), IsEmpty()) << "events start it, and a pattern found it";
}

TEST_F(DetailsTest, AHostThatSaysThatItGoesDownStopsNoServices) {
  check(running);
  says_.goes_down = true;
  check(stopped);
  deps_.pass(1s);
  EXPECT_THAT(deps_.notified(0), IsEmpty());
  EXPECT_EQ(watcher_.monitored().host().error, "going down");
}

TEST_F(DetailsTest, DetailsThatAreReadAfterACheckAreKnownAndStored) {
  check(running);
  EXPECT_EQ(known(), nullptr);
  run_for(1s);
  ASSERT_NE(known(), nullptr);
  EXPECT_EQ(known()->start_mode, StartMode::automatic);
  const auto stored = deps_.load_states()[host_.name].services;
  ASSERT_EQ(stored.size(), 1U);
  ASSERT_NE(stored.begin()->details, nullptr);
  EXPECT_EQ(stored.begin()->details->display_name, "Print Spooler");
  EXPECT_THAT(deps_.history(), IsEmpty());
}

TEST_F(DetailsTest, ChecksNeedNoTurnForDetailsAndDetailsNoSlotOfTheChecks) {
  host_.frequency = Schedule::parse("every 10 seconds").value();
  watcher_.reconfigure(host_);
  {
    const net::Semaphore::Turn of_another(deps_.details_slots_, [] {});
    run_for(35s);
    EXPECT_GE(says_.checks, 4);
    EXPECT_THAT(says_.asked, IsEmpty());
  }
  says_.answers = false;
  net::TaskScope task(deps_.loop_.executor());
  task.spawn(watcher_.run());
  deps_.pass(1s);
  EXPECT_THAT(says_.asked, ElementsAre(ServiceName("Spooler")));
  EXPECT_EQ(deps_.details_slots_.free(), 0) << "they are being read";
  EXPECT_EQ(checks_.free(), 1);
  task.cancel();
  deps_.loop_.run_until_done(task.join());
}

TEST_F(DetailsTest, DetailsAreReadAsSoonAsTheirTurnComes) {
  auto of_another = std::make_unique<net::Semaphore::Turn>(deps_.details_slots_, [] {});
  net::TaskScope task(deps_.loop_.executor());
  task.spawn(watcher_.run());
  deps_.pass(1s);
  EXPECT_EQ(known(), nullptr);
  of_another.reset();
  deps_.pass(1ms);
  EXPECT_NE(known(), nullptr);
  task.cancel();
  deps_.loop_.run_until_done(task.join());
}

TEST_F(DetailsTest, TheProbeIsToldWhatAnEarlierRunKnew) {
  run_for(1s);
  EXPECT_THAT(says_.recalled, IsEmpty());
  net::Semaphore checks(deps_.loop_.executor(), 1);
  const Watcher again(host_, std::move(deps_.load_states()[host_.name]),
                      Deps::shared(deps_.watcher_deps(checks, [this](const auto& /*host*/) {
                        return std::make_unique<DetailedProbe>(says_);
                      })));
  EXPECT_THAT(says_.recalled, ElementsAre("Spooler RUNNING 7 Print Spooler"));
}

/// Keeps the states that it is given, with their start modes.
class KeepingSink final : public notify::StatusSink {
 public:
  [[nodiscard]] const std::string& name() const override { return name_; }
  net::awaitable<Written> write(std::span<const notify::StatusReport> reports,
                                net::Deadline /*deadline*/) override {
    for (const auto& report : reports) {
      for (const auto& [service, friendly, state, details] : report.services)
        kept.push_back(fmt::format("{} {}", to_string(state),
                                   details ? to_string(details->start_mode) : "not known"));
    }
    co_return Written{.answer = notify::Delivered{"kept"}};
  }
  net::awaitable<notify::Answer> test(net::Deadline /*deadline*/) override {
    co_return notify::Delivered{"kept"};
  }

  std::vector<std::string> kept;

 private:
  const std::string name_ = "kept";
};

class NoObserver final : public notify::StatusObserver {
  void written(const notify::StatusSink& /*sink*/, std::size_t /*services*/,
               std::chrono::milliseconds /*took*/) override {}
  void lost(const notify::StatusSink& /*sink*/, std::size_t /*services*/,
            const std::string& /*why*/) override {}
  void failing(const notify::StatusSink& /*sink*/, const std::string& /*why*/) override {}
  void recovered(const notify::StatusSink& /*sink*/) override {}
};

/// With a status stream.
class ReportedDetailsTest : public DetailsTest {
 protected:
  ReportedDetailsTest() {
    deps_.status_.set_streams({&stream_});
    host_.frequency = Schedule::parse("every 30 seconds").value();
    watcher_.reconfigure(host_);
  }
  const std::vector<std::string>& reported() {
    deps_.loop_.run_until_done(stream_.flush(net::within(1s)));
    return sink_.kept;
  }

  KeepingSink sink_;
  NoObserver observer_;
  notify::StatusStream stream_{deps_.loop_.executor(), sink_, observer_, platform::system_random()};
};

TEST_F(ReportedDetailsTest, TheFirstStatesAreReportedWithTheirDetails) {
  run_for(1ms);
  EXPECT_THAT(reported(), ElementsAre("RUNNING Automatic"));
}

TEST_F(ReportedDetailsTest, TheyWaitForDetailsNoLongerThanForTheNextCheck) {
  const net::Semaphore::Turn of_another(deps_.details_slots_, [] {});
  net::TaskScope task(deps_.loop_.executor());
  task.spawn(watcher_.run());
  for (deps_.pass(1ms); says_.checks < 2; deps_.pass(1s)) EXPECT_THAT(reported(), IsEmpty());
  EXPECT_THAT(reported(), ElementsAre("RUNNING not known"));
  task.cancel();
  deps_.loop_.run_until_done(task.join());
}

}  // namespace
}  // namespace tocsin::daemon
