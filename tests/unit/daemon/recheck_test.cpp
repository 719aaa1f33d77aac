// A check that brings what the last one did is counted and reported, and nothing else.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using enum ServiceState;

/// A host, and how it was asked.
struct SteadyHost {
  ServiceState state = running;
  std::string asked;  ///< C for a check, S for one that may bring the same
  bool fails = false;
};

/// Whatever it is asked for: it does not compare.
class SteadyProbe final : public probe::Probe {
 public:
  explicit SteadyProbe(SteadyHost& host) : host_(host) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    host_.asked += 'C';
    co_return std::vector{service("Spooler", host_.state, 7)};
  }
  net::awaitable<Result<std::optional<std::vector<ObservedService>>>> recheck(
      net::Deadline /*deadline*/) override {
    host_.asked += 'S';
    if (host_.fails) co_return fail(ErrorKind::denied, "no");
    if (host_.state == running) co_return std::nullopt;
    co_return std::vector{service("Spooler", host_.state, 7)};
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  SteadyHost& host_;
};

class RecheckTest : public DaemonTest {
 protected:
  RecheckTest() { host_.services = Watchlist({{.pattern = "Spooler"}}); }
  std::string check(int times = 1) {
    says_.asked.clear();
    for (int i = 0; i < times; i++) {
      deps_.loop_.run_until_done(watcher_->check());
      deps_.pass(1s);
    }
    return says_.asked;
  }

  SteadyHost says_;
  Deps deps_{folder_};
  net::Semaphore checks_{deps_.loop_.executor(), 1};
  std::unique_ptr<Watcher> make_watcher() {
    return std::make_unique<Watcher>(
        host_, MonitoredHost::Known{},
        Deps::shared(deps_.watcher_deps(checks_, [this](const auto& /*host*/) {
          return std::make_unique<SteadyProbe>(says_);
        })));
  }
  std::unique_ptr<Watcher> watcher_ = make_watcher();
};

TEST_F(RecheckTest, TheSameMayComeOnceACheckHasChangedNothing) { EXPECT_EQ(check(5), "CCSSS"); }

TEST_F(RecheckTest, TheSameIsACheckLikeAnyOther) {
  check(2);
  const auto before = watcher_->last_check()->at;
  check();
  EXPECT_GT(watcher_->last_check()->at, before);
  EXPECT_THAT(deps_.metrics_.text({}),
              HasSubstr(R"(tocsin_checks_total{host="node1",outcome="ok"} 3)"));
}

TEST_F(RecheckTest, WhatChangesIsNotified) {
  check(3);
  says_.state = stopped;
  EXPECT_EQ(check(3), "SCC") << "an alert fires";
  EXPECT_THAT(deps_.notified(1), ElementsAre("stopped Spooler"));
}

TEST_F(RecheckTest, AFailureIsNotTheSame) {
  check(3);
  says_.fails = true;
  check();
  EXPECT_EQ(watcher_->monitored().host().error, "no");
  says_.fails = false;
  EXPECT_EQ(check(3), "CCS");
}

}  // namespace
}  // namespace tocsin::daemon
