// What is not watched properly, of one host and of all.
#include "daemon/watch_gaps.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "daemon/fleet.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using enum ServiceState;

WatchGaps gaps_of(const Watchlist& services, Seen seen) {
  MonitoredHost host(HostName("node1"), {.services = services, .policy = {}}, {});
  (void)host.apply({.host = HostName("node1"), .at = SystemClock().now(), .services = seen});
  WatchGaps gaps;
  gaps.add(host);
  return gaps;
}

TEST(WatchGaps, CountsWhatAHostDoesNotShow) {
  const Watchlist services(
      {{.pattern = "Spooler"}, {.pattern = "Denied"}, {.pattern = "Gone"}, {.pattern = "No*"}});
  const auto gaps =
      gaps_of(services, std::vector{service("Spooler", stopped), service("Denied", denied),
                                    service("Gone", missing)});
  EXPECT_EQ(gaps.text(), "1 service denied, 1 service not installed, 1 pattern empty");
  EXPECT_FALSE(gaps.empty());
}

TEST(WatchGaps, CountsNothingElseOfAHostThatIsNotReached) {
  const Watchlist services({{.pattern = "Spooler"}, {.pattern = "No*"}});
  EXPECT_EQ(gaps_of(services, fail(ErrorKind::timed_out, "late")).text(), "1 host UNKNOWN");
}

TEST(WatchGaps, AreEmptyWhereAllIsSeen) {
  const auto gaps =
      gaps_of(Watchlist({{.pattern = "Spool*"}}), std::vector{service("Spooler", stopped)});
  EXPECT_EQ(gaps.text(), "");
  EXPECT_TRUE(gaps.empty());
}

TEST(WatchGaps, AreOneSentence) {
  const WatchGaps gaps{.left_out = 2, .hosts = 3, .denied = 12, .missing = 2, .patterns = 2};
  EXPECT_EQ(gaps.text(),
            "3 hosts UNKNOWN, 12 services denied, 2 services not installed, 2 patterns empty, 2 "
            "entries of the configuration left out");
}

/// Several hosts, each with an answer of its own for ever.
class WatchGapsTest : public DaemonTest {
 protected:
  /// The summary, and how long it took.
  std::pair<std::string, Duration> find_gaps(Deps& deps, std::map<std::string, Seen> answers,
                                             std::size_t checks_at_once) {
    std::map<std::string, std::deque<Seen>> scripts;
    std::vector<config::Host> hosts;
    for (auto& [name, answer] : answers) {
      scripts[name].push_back(std::move(answer));
      auto host = host_;
      host.name = HostName(name);
      hosts.push_back(std::move(host));
    }
    net::Semaphore checks(deps.loop_.executor(), checks_at_once);
    Fleet fleet(deps.loop_.executor(),
                deps.watcher_deps(checks, [&scripts](const config::Host& host) {
                  return std::make_unique<ScriptedProbe>(scripts.at(host.name.text()));
                }));
    const auto begin = deps.clock_.now();
    fleet.set_hosts(hosts, {});
    return deps.loop_.run_until_done(
        [](Deps& all, Fleet& watched,
           Time since) -> net::awaitable<std::pair<std::string, Duration>> {
          co_await watched.wait_for_first_checks(net::within(std::chrono::minutes(1)));
          const std::pair result(watched.find_gaps().text(), all.clock_.now() - since);
          co_await watched.stop();
          co_return result;
        }(deps, fleet, begin));
  }
};

TEST_F(WatchGapsTest, SaysWhatIsNotWatchedWhenEachHostHasBeenChecked) {
  Deps deps(folder_);
  const auto [text, took] =
      find_gaps(deps,
                {{"a", std::vector{service("Spooler", running), service("mssql$x", denied)}},
                 {"b", fail(ErrorKind::unreachable, "not there")},
                 {"c", fail(ErrorKind::unreachable, "not there")}},
                2);
  EXPECT_EQ(text, "2 hosts UNKNOWN, 1 service denied");
  EXPECT_LT(took, std::chrono::seconds(1));
}

TEST_F(WatchGapsTest, SaysItAfterAMinuteWhereHostsWaitForTheirCheck) {
  Deps deps(folder_);
  const auto [text, took] = find_gaps(deps, {{"a", std::vector{service("Spooler", running)}}}, 0);
  EXPECT_EQ(text, "1 host UNKNOWN");
  EXPECT_GE(took, std::chrono::minutes(1));
}

}  // namespace
}  // namespace tocsin::daemon
