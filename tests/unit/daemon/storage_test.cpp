#include "daemon/storage.h"

#include <chrono>
#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#include "store/reader.h"
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

TEST_F(StorageTest, KeepsHistoryForAsLongAsAReloadSays) {
  start();
  storage_->keep_for(std::chrono::days{10});
  pass(std::chrono::days{10} + 2h);
  EXPECT_EQ(kept(), 1);
}

TEST_F(StorageTest, KnowsWhenItRan) {
  tasks_.spawn(storage_->watch_files());
  const auto started = time_.now();
  loop_.run_until_done(storage_->worker.run([&] {
    store::Commit commit{
        .host = store::HostChange{.host = HostName("node1"), .state = {.since = started}},
        .at = started};
    EXPECT_TRUE(storage_->store.commit({&commit, 1}));
    return true;
  }));
  pass(10min);
  tasks_.cancel();
  loop_.run_until_done(tasks_.join());
  storage_.reset();
  pass(1h);
  storage_ = Storage::open(folder_, kKept, time_, log_).value();
  auto reader = store::Reader::open(folder_).value();
  const auto rows =
      reader.timeline({.host = HostName("node1"), .from = started, .to = time_.now() + 1min});
  ASSERT_EQ(rows.value().size(), 1);
  const auto& states = rows->front().states;
  ASSERT_EQ(states.size(), 3);
  EXPECT_EQ(states[1].state, std::nullopt) << "while it did not run";
  EXPECT_GE(states[1].at, started + 9min);
  EXPECT_LE(states[1].at, started + 10min);
  EXPECT_EQ(states[2].at, started + 70min);
}

}  // namespace
}  // namespace tocsin::daemon
