// Checks that are left out because the host tells of changes by itself.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/watcher.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum ServiceState;

/// A host, and what it was asked.
struct TellingHost {
  ServiceState state = running;
  bool has_pulse = true;
  bool calls_for_a_check = false;
  std::string asked;  ///< C for a check, P for a pulse
  bool listened_to = false;
};

class TellingProbe final : public probe::Probe {
 public:
  explicit TellingProbe(TellingHost& host) : host_(host) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    host_.asked += "C";
    co_return std::vector{service("Spooler", host_.state, 7)};
  }
  net::awaitable<bool> has_pulse(net::Deadline /*deadline*/) override {
    host_.asked += "P";
    co_return host_.has_pulse;
  }
  net::awaitable<void> listen(net::Deadline deadline) override {
    host_.listened_to = true;
    check_again_ = std::exchange(host_.calls_for_a_check, false);
    if (!check_again_) co_await Probe::listen(deadline);
  }
  probe::Pushed take_pushed() override {
    return {.services = {}, .check_again = std::exchange(check_again_, false)};
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  TellingHost& host_;
  bool check_again_ = false;
};

class PulseTest : public DaemonTest {
 protected:
  /// What the host is asked while so many checks are due, the first one at once; or one more.
  std::string run_for_checks(int count) {
    host_.frequency = Schedule::parse("every 10 seconds").value();
    host_.services = Watchlist({{.pattern = "Spooler"}});
    net::Semaphore checks(deps_.loop_.executor(), 1);
    Watcher watcher(host_, {},
                    Deps::shared(deps_.watcher_deps(checks, [this](const auto& /*host*/) {
                      return std::make_unique<TellingProbe>(says_);
                    })));
    net::TaskScope task(deps_.loop_.executor());
    task.spawn(watcher.run());
    deps_.pass(10s * count - 1s);
    task.cancel();
    deps_.loop_.run_until_done(task.join());
    return says_.asked;
  }

  TellingHost says_;
  Deps deps_{folder_};
};

TEST_F(PulseTest, ThreeOfFourChecksAreLeftOut) {
  EXPECT_THAT(run_for_checks(9), StartsWith("CPPPCPPPC"));
}

TEST_F(PulseTest, TheConfigurationSaysHowManyAreLeftOut) {
  host_.check_every_nth = 2;
  EXPECT_THAT(run_for_checks(5), StartsWith("CPCPC"));
}

TEST_F(PulseTest, EachMayBeACheck) {
  host_.check_every_nth = 1;
  EXPECT_THAT(run_for_checks(3), StartsWith("CCC"));
}

TEST_F(PulseTest, WithoutAPulseEachCheckIsMade) {
  says_.has_pulse = false;
  EXPECT_THAT(run_for_checks(4), StartsWith("CPCPCPC"));
}

TEST_F(PulseTest, WhatIsOnItsWayIsCheckedEachTime) {
  says_.state = stop_pending;  // only a check shows its progress
  EXPECT_THAT(run_for_checks(4), AllOf(StartsWith("CCCC"), Not(HasSubstr("P"))));
}

TEST_F(PulseTest, AHostThatIsNotAskedToTellIsOnlyChecked) {
  host_.push = false;
  EXPECT_THAT(run_for_checks(4), AllOf(StartsWith("CCCC"), Not(HasSubstr("P"))));
  EXPECT_FALSE(says_.listened_to);
}

TEST_F(PulseTest, WhatOnlyACheckCanTellIsCheckedAtOnce) {
  says_.calls_for_a_check = true;
  EXPECT_THAT(run_for_checks(2), StartsWith("CC"));
}

}  // namespace
}  // namespace tocsin::daemon
