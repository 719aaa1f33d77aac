// Files that are removed or replaced while they are open, and what is no file. Windows lets nobody
// remove an open file.
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"
#include "store/reader.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class DisplacedTest : public testing::Test {
 protected:
  void commit(const std::string& id) {
    auto one = make_commit(id);
    ASSERT_TRUE(store_->commit({&one, 1}));
  }
  /// Everything of both commits is in the file of that name, and goes on from there.
  void expect_restored() {
    EXPECT_EQ(store_->restore_if_displaced(), true);
    EXPECT_EQ(store_->restore_if_displaced(), false) << "once is enough";
    ASSERT_TRUE(requests_->follow());
    EXPECT_TRUE(requests_->add_ack({.host = HostName("Host"), .at = kNow}));
    commit("after");
    EXPECT_FALSE(Store::open(scratch_.path())) << "the lock still keeps others away";
    requests_.reset();
    store_.reset();
    EXPECT_EQ(integrity(scratch_.path()), "ok");
    auto again = open_store(scratch_.path());
    EXPECT_EQ(again.load_states().value().at(HostName("Host")).services.size(), 2);
    EXPECT_EQ(again.load_pending("webhook:1", 0, 10)->size(), 2);
    EXPECT_EQ(again.history({})->size(), 2);
    EXPECT_EQ(Requests::open(scratch_.path())->load_acks()->size(), 1);
  }
  void SetUp() override { commit("before"); }

  ScratchDirectory scratch_;
  fs::path file_ = scratch_.path() / "tocsin.db";
  std::optional<Store> store_ = open_store(scratch_.path());
  std::optional<Requests> requests_ = Requests::open(scratch_.path()).value();
};

TEST_F(DisplacedTest, FilesThatStandAreLeftAlone) {
  EXPECT_EQ(store_->restore_if_displaced(), false);
}

TEST_F(DisplacedTest, WhoeverReadsFollowsToTheNewFile) {
  auto reader = Reader::open(scratch_.path()).value();
  for (const auto* name : {"tocsin.db", "tocsin.db-wal", "tocsin.db-shm"})
    fs::remove(scratch_.path() / name);
  ASSERT_EQ(store_->restore_if_displaced(), true);
  commit("after");
  ASSERT_TRUE(reader.follow());
  EXPECT_THAT(reader.alerts({})->alerts, testing::SizeIs(2));
}

TEST_F(DisplacedTest, ADatabaseThatIsRemovedIsMadeAnew) {
  fs::remove(file_);
  expect_restored();
}

TEST_F(DisplacedTest, ADirectoryThatIsRemovedIsMadeAnew) {
  fs::remove_all(scratch_.path());
  expect_restored();
}

TEST_F(DisplacedTest, ALogThatIsRemovedIsMadeAnew) {
  fs::remove(scratch_.path() / "tocsin.db-wal");
  expect_restored();
}

TEST_F(DisplacedTest, ALockThatIsRemovedIsTakenAgain) {
  fs::remove(scratch_.path() / "tocsin.lock");
  expect_restored();
}

TEST_F(DisplacedTest, WhatWasPutInItsPlaceIsMovedAside) {
  write_file(scratch_.path() / "other", "a backup");
  fs::rename(scratch_.path() / "other", file_);
  expect_restored();
  EXPECT_EQ(read_file(scratch_.path() / "tocsin.db.displaced"), "a backup");
}

TEST_F(DisplacedTest, WhereItCannotBeMadeAnewTheOpenOneIsStillGood) {
  fs::remove_all(scratch_.path());
  write_file(scratch_.path(), "no directory");
  EXPECT_FALSE(store_->restore_if_displaced());
  commit("meanwhile");
  fs::remove(scratch_.path());
  EXPECT_EQ(store_->restore_if_displaced(), true);
  EXPECT_EQ(store_->history({})->size(), 2);
}

TEST(SpecialFilesTest, AreRefusedAtOnce) {
  for (const auto* name : {"tocsin.db", "tocsin.lock", "tocsin.db-wal"}) {
    const ScratchDirectory scratch;
    const auto path = scratch.path() / name;
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const auto opened = Store::open(scratch.path());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().what, to_utf8(path) + ": it is not a regular file: move it away");
    const auto read = Store::open_read_only(scratch.path());
    EXPECT_FALSE(read);
  }
}

}  // namespace
}  // namespace tocsin::store
