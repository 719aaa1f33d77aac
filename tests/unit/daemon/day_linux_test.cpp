// A day of checks in a minute: what is kept of it in memory must not grow with it.
#include <malloc.h>
#include <map>
#include <memory>
#include <random>
#include <sqlite3.h>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/fleet.h"
#include "kit/sanitizer.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;

constexpr Duration kOneDay = 24h;
constexpr Duration kOutage = 2h;  // of the destination, from noon on

/// What happens to the services of all hosts; the same each time.
using Fate = std::mt19937;

/// A host with two services that stop, start and restart now and then, and that is lost for some
/// checks, each of which it answers after a while.
class FickleProbe final : public probe::Probe {
 public:
  explicit FickleProbe(Fate& fate) : fate_(fate) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    if (happens_once_in(400)) lost_for_ = 3;
    if (lost_for_ > 0) {
      lost_for_--;
      co_return fail(ErrorKind::timed_out, "no answer within 5 s");
    }
    for (auto& [name, process] : processes_) {
      if (happens_once_in(200)) process = process == 0 ? next_process_++ : 0;
      if (process != 0 && happens_once_in(400)) process = next_process_++;
    }
    std::vector<ObservedService> seen;
    seen.reserve(processes_.size());
    for (const auto& [name, process] : processes_)
      seen.push_back(service(name.c_str(), process == 0 ? stopped : running, process));
    co_return seen;
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  bool happens_once_in(unsigned chances) { return fate_() % chances == 0; }

  Fate& fate_;
  std::map<std::string, std::uint32_t> processes_{{"Spooler", 1}, {"mssql$x", 2}};
  std::uint32_t next_process_ = 3;
  int lost_for_ = 0;
};

/// A destination that is down for a while.
class FailingChannel final : public notify::Channel {
 public:
  FailingChannel(const Clock& clock, std::size_t& delivered)
      : clock_(clock), delivered_(delivered), down_at_(clock.now() + kOneDay / 2) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<notify::Answer> deliver(const Alert& /*alert*/, const DeliveryId& /*id*/,
                                         net::Deadline /*deadline*/) override {
    if (down_at_ <= clock_.now() && clock_.now() < down_at_ + kOutage)
      co_return notify::RetryAfter{.after = {}, .reason = "503 Service Unavailable"};
    delivered_++;
    co_return notify::Delivered{"200 OK"};
  }

 private:
  const Clock& clock_;
  std::size_t& delivered_;
  Time down_at_;
  std::string key_ = "failing:1";
};

class Day : public DaemonTest {};

TEST_F(Day, KeepsMemoryAndLosesNothing) {
  constexpr int kHosts = 10;
  Fate fate(1);
  std::size_t delivered = 0;
  std::size_t notified = 0;
  std::vector<std::size_t> heap;
  Deps deps(folder_, {.level = config::LogLevel::error}, "kept:1",
            [&](const Clock& clock) { return std::make_unique<FailingChannel>(clock, delivered); });
  net::Semaphore checks(deps.loop_.executor(), 4);
  Fleet fleet(deps.loop_.executor(), deps.watcher_deps(checks, [&](const auto& /*host*/) {
    return std::make_unique<FickleProbe>(fate);
  }));
  std::vector<config::Host> hosts;
  host_.frequency = Schedule::parse("every 30 seconds").value();
  for (int number = 0; number < kHosts; number++) {
    host_.name = HostName("node" + std::to_string(number));
    hosts.push_back(host_);
  }
  fleet.set_hosts(hosts, {});
  for (Duration passed{}; passed < kOneDay; passed += 1h) {
    deps.pass(1h);
    notified += std::exchange(deps.notified_, {}).size();
    // Its cache of pages grows to 2 MB with the history, and no further.
    heap.push_back(mallinfo2().uordblks - static_cast<std::size_t>(sqlite3_memory_used()));
  }
  EXPECT_EQ(fleet.work().ended, kHosts * (kOneDay / 30s + 1));
  EXPECT_GT(notified, 300);
  EXPECT_EQ(delivered, notified);
  deps.loop_.run_until_done(fleet.stop());
  // While the destination was down its messages waited in the store, not here.
  if (!kit::kSanitizer) EXPECT_LT(heap.back(), heap[5] + 65'536) << testing::PrintToString(heap);
}

}  // namespace
}  // namespace tocsin::daemon
