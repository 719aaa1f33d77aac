#include "daemon/clusters.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

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
  /// What was notified after so long, where the spooler is in these states from the start on.
  std::vector<std::string> notified_after(Duration time, ServiceState on_a, ServiceState on_b,
                                          FirstSight first_sight = FirstSight::by_name) {
    Deps deps(folder_);
    Clusters clusters(deps.loop_.executor(), {.journal = deps.journal(),
                                              .clock = deps.clock_,
                                              .log = deps.log_,
                                              .random = platform::system_random()});
    const Policy policy{.grace = {.time = 1min}, .first_sight = first_sight};
    Clusters::Known known;
    clusters.set_clusters({{.name = HostName("pair"),
                            .hosts = {HostName("a"), HostName("b")},
                            .services = Watchlist({{.pattern = "Spooler", .policy = policy}}),
                            .rule = {.least = 1, .most = 1}}},
                          known);
    net::TaskScope tasks(deps.loop_.executor());
    tasks.spawn(clusters.run());
    clusters.update(host("a", on_a, deps.clock_.now()));
    clusters.update(host("b", on_b, deps.clock_.now()));
    deps.pass(time);
    auto words = deps.notified(0);
    tasks.cancel();
    deps.loop_.run_until_done(tasks.join());
    alerts_ = deps.notified_;
    return words;
  }
  std::vector<Alert> alerts_;

 private:
  static MonitoredHost host(const char* name, ServiceState spooler, Time now) {
    MonitoredHost monitored(HostName(name),
                            {.services = Watchlist({{.pattern = "Spooler"}}), .policy = {}}, {});
    (void)monitored.apply({HostName(name), now, std::vector{service("Spooler", spooler, 7)}});
    return monitored;
  }
};

TEST_F(ClustersTest, ARuleThatIsBrokenAtFirstSightIsNotifiedAfterItsGrace) {
  EXPECT_THAT(notified_after(59s, stopped, stopped), IsEmpty());
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  EXPECT_THAT(notified_after(61s, stopped, stopped), ElementsAre("stopped Spooler"));
  EXPECT_EQ(alerts_.front().from, unknown);
  EXPECT_TRUE(alerts_.front().across_hosts);
}

TEST_F(ClustersTest, ARuleThatTooManyHostsBreakIsOverrun) {
  EXPECT_THAT(notified_after(61s, running, running), ElementsAre("overrun Spooler"));
  EXPECT_EQ(alerts_.front().to, overrun);
  EXPECT_EQ(alerts_.front().reason,
            "runs on a and b, where at most 1 may run it, for 1 min by now");
}

TEST_F(ClustersTest, AQuietFirstSightIsABaseline) {
  EXPECT_THAT(notified_after(61s, stopped, stopped, FirstSight::quiet), IsEmpty());
}

}  // namespace
}  // namespace tocsin::daemon
