#include "daemon/journal.h"

#include <chrono>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using enum ServiceState;

/// The configuration changes while an alert fires, which must keep what receivers tell it by.
class JournalTest : public DaemonTest {
 protected:
  /// The spooler of a host, by its configuration before and after.
  static config::Host host_with(const char* name, const char* spooler, AlertSeverity severity) {
    return {.name = HostName(name),
            .address = name,
            .services = Watchlist({{.pattern = spooler,
                                    .friendly_name = spooler,
                                    .policy = {.severity = severity, .repeat_every = 1h}}}),
            .policy = {.severity = severity}};
  }
  static Seen spooler_is(ServiceState state) { return std::vector{service("Spooler", state, 7)}; }
  static void expect_named_as_before(const std::vector<Alert>& alerts) {
    for (const auto& alert : alerts) {
      EXPECT_EQ(alert.host.text(), "node1");
      if (!is_about_host(alert)) EXPECT_EQ(alert.service.text(), "spooler");
      EXPECT_EQ(alert.severity, AlertSeverity::warning) << to_string(alert.kind);
    }
  }

  const config::Host before_ = host_with("node1", "spooler", AlertSeverity::warning);
  const config::Host after_ = host_with("NODE1", "SPOOLER", AlertSeverity::critical);
};

TEST_F(JournalTest, AnAlertKeepsItsSeverityAndItsNamesUpToItsEnd) {
  {
    Deps deps(folder_);
    deps.watch(before_, {spooler_is(running), spooler_is(stopped)});
    ASSERT_THAT(deps.notified(1), ElementsAre("stopped spooler"));
  }
  Deps deps(folder_);
  deps.pass(2h);
  deps.watch(after_, {spooler_is(stopped), spooler_is(paused), spooler_is(running)});
  ASSERT_THAT(deps.notified(3),
              ElementsAre("stopped spooler", "paused spooler", "started spooler"));
  expect_named_as_before(deps.notified_);
  EXPECT_EQ(deps.notified_.front().reminder, 1);
  EXPECT_EQ(deps.notified_.back().friendly_name, "SPOOLER") << "receivers do not key on that";
  deps.watch(after_, {spooler_is(stopped)});
  ASSERT_THAT(deps.notified(4).back(), "stopped SPOOLER");
  EXPECT_EQ(deps.notified_.back().severity, AlertSeverity::critical) << "that is another alert";
}

TEST_F(JournalTest, SoDoesTheAlertOfAHost) {
  const Seen lost = fail(ErrorKind::timed_out, "no answer within 5 s");
  {
    Deps deps(folder_);
    deps.watch(before_, {spooler_is(running), lost});
    ASSERT_THAT(deps.notified(1), ElementsAre("unreachable "));
  }
  Deps deps(folder_);
  deps.watch(after_, {spooler_is(running)});
  ASSERT_THAT(deps.notified(1), ElementsAre("reachable "));
  expect_named_as_before(deps.notified_);
}

}  // namespace
}  // namespace tocsin::daemon
