#include "daemon/clusters.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/withheld.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

/// One of two hosts must run the spooler, and a minute is its grace.
class ClustersTest : public DaemonTest {
 protected:
  void TearDown() override {
    end();
    DaemonTest::TearDown();
  }
  void end() {
    if (!tasks_) return;
    tasks_->cancel();
    deps_->loop_.run_until_done(tasks_->join());
    tasks_.reset();
    clusters_.reset();
    deps_.reset();
  }
  void begin(Policy policy = {}) {
    policy.grace.time = 1min;
    deps_.emplace(folder_);
    clusters_.emplace(deps_->loop_.executor(), Clusters::Deps{.journal = deps_->journal(),
                                                              .clock = deps_->clock_,
                                                              .log = deps_->log_,
                                                              .random = platform::system_random(),
                                                              .silences = deps_->silences_,
                                                              .acks = deps_->acks_,
                                                              .status = deps_->status_});
    Clusters::Known known;
    clusters_->set_clusters({{.name = HostName("pair"),
                              .hosts = {HostName("a"), HostName("b")},
                              .services = Watchlist({{.pattern = "Spooler", .policy = policy}}),
                              .rule = {.least = 1, .most = 1}}},
                            known);
    tasks_.emplace(deps_->loop_.executor());
    tasks_->spawn(clusters_->run());
  }
  /// Unknown: the host is not reached.
  void spooler_is(ServiceState on_a, ServiceState on_b) {
    clusters_->update(host("a", on_a));
    clusters_->update(host("b", on_b));
  }
  /// All that was notified up to the end of this time.
  std::vector<std::string> notified_after(Duration time) {
    deps_->pass(time);
    return deps_->notified(0);
  }
  [[nodiscard]] const Alert& last() const { return deps_->notified_.back(); }

  std::optional<Deps> deps_;
  std::optional<Clusters> clusters_;

 private:
  [[nodiscard]] MonitoredHost host(const char* name, ServiceState spooler) const {
    MonitoredHost monitored(HostName(name),
                            {.services = Watchlist({{.pattern = "Spooler"}}), .policy = {}}, {});
    Seen seen = fail(ErrorKind::timed_out, "no answer within 5 s");
    if (spooler != unknown) seen = std::vector{service("Spooler", spooler, 7)};
    (void)monitored.apply({HostName(name), deps_->clock_.now(), std::move(seen)});
    return monitored;
  }

  std::optional<net::TaskScope> tasks_;
};

TEST_F(ClustersTest, ARuleThatIsBrokenAtFirstSightIsNotifiedAfterItsGrace) {
  begin();
  spooler_is(stopped, stopped);
  EXPECT_THAT(notified_after(59s), IsEmpty());
  EXPECT_THAT(notified_after(2s), ElementsAre("stopped Spooler"));
  EXPECT_EQ(last().from, unknown);
  EXPECT_TRUE(last().across_hosts);
}

TEST_F(ClustersTest, AClockThatIsSetMakesNoGraceShorterOrLonger) {
  for (const Duration set_by : {Duration(1h), Duration(-1h)}) {
    begin();
    spooler_is(stopped, stopped);
    EXPECT_THAT(notified_after(30s), IsEmpty());
    deps_->clock_.set_clock(set_by);
    EXPECT_THAT(notified_after(29s), IsEmpty());
    EXPECT_THAT(notified_after(2s), ElementsAre("stopped Spooler"));
    end();
  }
}

TEST_F(ClustersTest, ARuleThatTooManyHostsBreakIsOverrun) {
  begin();
  spooler_is(running, running);
  EXPECT_THAT(notified_after(61s), ElementsAre("overrun Spooler"));
  EXPECT_EQ(last().to, overrun);
  EXPECT_EQ(last().reason, "runs on a and b, where at most 1 may run it, for 1 min by now");
}

TEST_F(ClustersTest, AQuietFirstSightIsABaseline) {
  begin({.first_sight = FirstSight::quiet});
  spooler_is(stopped, stopped);
  EXPECT_THAT(notified_after(61s), IsEmpty());
}

TEST_F(ClustersTest, IsNeitherRepeatedNorEscalatedWhileNoneOfItsHostsIsReached) {
  begin({.repeat_every = 10min});
  spooler_is(stopped, stopped);
  EXPECT_THAT(notified_after(61s), ElementsAre("stopped Spooler"));
  const auto alert = last();
  const auto why = [&] {
    const Silences silences({}, deps_->log_);
    const Acks acks(deps_->log_);
    const auto found = [this](const HostName& name) { return clusters_->find(name); };
    const auto by = withheld({silences, acks, found}, alert, deps_->clock_.now());
    return by ? by->reason : "";
  };
  EXPECT_EQ(why(), "");
  spooler_is(unknown, unknown);
  EXPECT_THAT(notified_after(1h), ElementsAre("stopped Spooler"));
  EXPECT_EQ(why(), "its state is not known");
  spooler_is(stopped, unknown);
  EXPECT_THAT(notified_after(1s), ElementsAre("stopped Spooler", "stopped Spooler"));
  EXPECT_EQ(last().reminder, 1);
  EXPECT_EQ(last().reason, "runs on none of a; unknown on b, still so after 1 h");
  EXPECT_EQ(why(), "");
}

}  // namespace
}  // namespace tocsin::daemon
