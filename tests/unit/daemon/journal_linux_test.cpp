#include "daemon/journal.h"

#include <csignal>
#include <sys/resource.h>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

/// While it lives, no file of this process can grow: what a full disk is like for the store.
class FullDisk {
 public:
  FullDisk() : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*old_handler_)(int);
};

Seen sees_spooler(ServiceState spooler) { return std::vector{service("Spooler", spooler)}; }

/// A destination that is never reached.
class DownChannel final : public notify::Channel {
 public:
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<notify::Answer> deliver(const Alert& /*alert*/, const DeliveryId& /*id*/,
                                         net::Deadline /*deadline*/) override {
    co_return notify::RetryAfter{.after = {}, .reason = "no connection"};
  }

 private:
  std::string key_ = "down:1";
};

TEST_F(DaemonTest, WhatWaitsSinceTheDiskWasFullIsStoredWhenItIsNot) {
  Deps deps(folder_, {.level = config::LogLevel::error}, "kept:1",
            [](const Clock& /*clock*/) { return std::make_unique<DownChannel>(); });
  deps.watch(host_, {sees_spooler(running)});
  {
    const FullDisk full;
    deps.watch(host_, {sees_spooler(stopped)});
  }
  deps.pass(std::chrono::seconds(20));
  // Before this run ends: it may be killed.
  const auto stored = store::Store::open_read_only(folder_)->deliveries(false, 10).value();
  ASSERT_EQ(stored.size(), 1);
  EXPECT_EQ(stored[0].delivery.destination, "down:1");
  EXPECT_EQ(stored[0].state, store::DeliveryState::pending);
}

TEST_F(DaemonTest, AlertsFlowWhileTheDiskIsFullAndAreStoredWhenItIsNot) {
  {
    Deps deps(folder_);
    deps.watch(host_, {sees_spooler(running)});
    {
      const FullDisk full;
      deps.watch(host_, {sees_spooler(stopped)});
      EXPECT_THAT(deps.notified(1), ElementsAre("stopped Spooler"));
      EXPECT_THAT(deps.history(), IsEmpty());
    }
    // The next change finds a disk that works, and takes the one before along.
    deps.watch(host_, {sees_spooler(running), sees_spooler(stopped)});
    EXPECT_THAT(deps.notified(2).back(), "stopped Spooler");
    EXPECT_EQ(deps.history().front(), "stopped Spooler");
  }
  Deps again(folder_);
  again.watch(host_, {sees_spooler(stopped)});
  EXPECT_THAT(again.notified(0), IsEmpty());
}

}  // namespace
}  // namespace tocsin::daemon
