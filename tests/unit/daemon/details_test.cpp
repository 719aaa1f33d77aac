// Details of services never hold back states, and alerts that need them only for a moment.
#include <chrono>
#include <utility>
#include <vector>

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
};

class DetailedProbe final : public probe::Probe {
 public:
  explicit DetailedProbe(DetailedHost& host) : host_(host) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    co_return std::vector{ObservedService{.name = ServiceName("Spooler"),
                                          .status = {.state = host_.state, .process_id = 7},
                                          .details = host_.are_known ? host_.details : nullptr}};
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
  Watcher watcher_{host_, {}, deps_.watcher_deps(checks_, [this](const auto& /*host*/) {
                     return std::make_unique<DetailedProbe>(says_);
                   })};
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

}  // namespace
}  // namespace tocsin::daemon
