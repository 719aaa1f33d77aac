#include "daemon/storage.h"

#include <chrono>
#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::days kKept{90};
constexpr Duration kTooOld = kKept + 24h;

class StorageTest : public DaemonTest {
 protected:
  StorageTest() {
    store::Commit commit;
    for (const auto* id : {"1", "2"})  // the last one of all is never removed
      commit.alerts.push_back({.id = {id}, .at = time_.now(), .host = HostName("node1")});
    EXPECT_TRUE(storage_->store.commit({&commit, 1}));
  }
  ~StorageTest() override {
    tasks_.cancel();
    loop_.run_until_done(tasks_.join());
  }
  void start() { tasks_.spawn(storage_->tend()); }
  void pass(Duration time) { loop_.run_until_done(time_.pass(time)); }
  std::size_t kept() {
    return loop_
        .run_until_done(storage_->worker.run([this] { return storage_->store.history({}); }))
        .value()
        .size();
  }

  kit::VirtualTime time_;
  net::Loop loop_;
  Log log_{{.level = config::LogLevel::error}};
  std::unique_ptr<Storage> storage_ = Storage::open(folder_, kKept, time_, log_).value();
  net::TaskScope tasks_{loop_.executor()};
};

TEST_F(StorageTest, RemovesWhatIsOld) {
  start();
  pass(kKept - 1h);
  EXPECT_EQ(kept(), 2);
  pass(3h);
  EXPECT_EQ(kept(), 1);
}

TEST_F(StorageTest, AClockThatIsAheadForLessThanAnHourMakesNothingOld) {
  start();
  pass(10min);
  time_.set_clock(kTooOld);
  pass(55min);
  EXPECT_EQ(kept(), 2);
  time_.set_clock(-kTooOld);
  pass(24h);
  EXPECT_EQ(kept(), 2);
  time_.set_clock(kTooOld);
  pass(2h);
  EXPECT_EQ(kept(), 1) << "it seems to be right";
}

TEST_F(StorageTest, AClockThatIsSetRightAfterTheStartHasMadeNothingOld) {
  time_.set_clock(kTooOld);
  start();
  pass(1min);
  time_.set_clock(-kTooOld);
  pass(24h);
  EXPECT_EQ(kept(), 2);
}

}  // namespace
}  // namespace tocsin::daemon
