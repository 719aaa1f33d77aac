// What a first start brings: services that are down already, on many hosts.
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/fleet.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::SizeIs;
using enum ServiceState;

/// Writes how many alerts a message is about.
class PeoplesChannel final : public notify::GroupingChannel {
 public:
  struct Sent {
    Time at{};
    std::size_t alerts = 0;
  };
  PeoplesChannel(std::vector<Sent>& sent, const Clock& clock) : sent_(sent), clock_(clock) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  [[nodiscard]] std::string group_of(const Alert& /*alert*/) const override { return "people"; }
  [[nodiscard]] notify::Message write(const notify::Contents& contents,
                                      const DeliveryId& /*id*/) override {
    return {.text = std::to_string(contents.alerts.size()), .note = {}};
  }
  [[nodiscard]] bool is_sound(const notify::Message& message) const override {
    return !message.text.empty();
  }
  net::awaitable<notify::Answer> send(const Alert& /*first*/, const notify::Message& message,
                                      const DeliveryId& /*id*/,
                                      net::Deadline /*deadline*/) override {
    sent_.push_back({clock_.now(), std::stoul(message.text)});
    co_return notify::Delivered{"read"};
  }

 private:
  std::vector<Sent>& sent_;
  const Clock& clock_;
  std::string key_ = "people:1";
};

TEST_F(DaemonTest, FortyStoppedServicesOf500NewHostsAreFewMessagesForPeopleAndFortyForPrograms) {
  constexpr std::size_t kHosts = 500;
  constexpr std::size_t kStopped = 40;
  std::vector<PeoplesChannel::Sent> sent;
  Deps deps(folder_, {.level = config::LogLevel::error}, "kept:1",
            [&](const Clock& clock) { return std::make_unique<PeoplesChannel>(sent, clock); });
  host_.services = Watchlist({{.pattern = "Spooler"}});
  std::vector<config::Host> hosts;
  hosts.reserve(kHosts);
  std::map<HostName, std::deque<Seen>> scripts;
  for (std::size_t i = 0; i < kHosts; i++) {
    const auto state = i * kStopped % kHosts < kStopped ? stopped : running;
    host_.name = HostName("host" + std::to_string(i));
    scripts[host_.name] = {std::vector{service("Spooler", state, 7)}};
    hosts.push_back(host_);
  }
  net::Semaphore checks(deps.loop_.executor(), kHosts);
  std::size_t made = 0;  // they answer within ten seconds, five at a time
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, [&](const config::Host& host) {
    return std::make_unique<ScriptedProbe>(scripts.at(host.name), probe::Pushed{},
                                           made++ / 5 * 100ms);
  }));
  const auto begun = deps.clock_.now();
  fleet.set_hosts(hosts, {});
  deps.pass(1s);
  ASSERT_THAT(sent, SizeIs(1)) << "the first at once";
  EXPECT_LT(sent[0].at - begun, 1s);
  deps.pass(1min);
  const auto notified = deps.notified(kStopped);
  EXPECT_THAT(notified, SizeIs(kStopped)) << "programs: each by itself";
  EXPECT_THAT(notified, Each(testing::Eq("stopped Spooler")));
  ASSERT_THAT(sent, SizeIs(3)) << "then lists over all hosts";
  EXPECT_EQ(sent[1].at - sent[0].at, 5s);
  EXPECT_EQ(sent[2].at - sent[1].at, 30s);
  EXPECT_EQ(sent[0].alerts, 1);
  EXPECT_GT(sent[1].alerts, 10);
  EXPECT_EQ(sent[0].alerts + sent[1].alerts + sent[2].alerts, kStopped);
  deps.loop_.run_until_done(fleet.stop());
}

}  // namespace
}  // namespace tocsin::daemon
