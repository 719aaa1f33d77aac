#include "daemon/journal.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
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

/// Sees how much is stored when it is first asked to send.
class LookingChannel final : public notify::Channel {
 public:
  LookingChannel(std::filesystem::path folder, std::optional<std::size_t>& stored)
      : folder_(std::move(folder)), stored_(stored) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<notify::Answer> deliver(const Alert& /*alert*/, const DeliveryId& /*id*/,
                                         net::Deadline /*deadline*/) override {
    if (!stored_)
      stored_ = store::Store::open_read_only(folder_).value().history({}).value().size();
    co_return notify::Delivered{"seen"};
  }

 private:
  std::filesystem::path folder_;
  std::optional<std::size_t>& stored_;
  std::string key_ = "looking:1";
};

TEST_F(JournalTest, AStormLeavesBeforeAllOfItIsStored) {
  constexpr std::size_t kHosts =
      20;  // so many that a busy machine does not store all in one breath
  constexpr std::size_t kServices = 200;
  std::optional<std::size_t> stored;
  Deps deps(folder_, {.level = config::LogLevel::error}, "kept:1", [&](const Clock& /*clock*/) {
    return std::make_unique<LookingChannel>(folder_, stored);
  });
  net::TaskScope hosts(deps.loop_.executor());
  for (std::size_t host = 0; host < kHosts; host++) {
    std::vector<store::StateChange> states;
    std::vector<Alert> alerts;
    for (std::size_t service = 0; service < kServices; service++) {
      const auto number = std::to_string(service);
      alerts.push_back({.id = {std::to_string(host) + "-" + number},
                        .at = deps.clock_.now(),
                        .kind = TransitionKind::stopped,
                        .host = HostName("node" + std::to_string(host)),
                        .service = ServiceName("s" + number),
                        .from = running,
                        .to = stopped});
      states.push_back({.host = alerts.back().host, .service = alerts.back().service, .state = {}});
    }
    hosts.spawn(deps.journal().commit(std::move(states), std::nullopt, std::move(alerts),
                                      deps.log_.of("storm")));
  }
  EXPECT_EQ(deps.notified(kHosts * kServices).size(), kHosts * kServices);
  deps.loop_.run_until_done(hosts.join());
  ASSERT_TRUE(stored);
  EXPECT_LT(*stored, kHosts * kServices);
  EXPECT_EQ(*stored % kServices, 0) << "each host's commit is one whole";
  EXPECT_EQ(deps.history().size(), kHosts * kServices);
}

}  // namespace
}  // namespace tocsin::daemon
