// No space left: when opening, while committing, and afterwards.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

namespace fs = std::filesystem;

/// A way to have no space.
class Scarcity {
 public:
  virtual ~Scarcity() = default;
  /// Why it cannot be had here; empty where it can.
  virtual std::string unavailable() { return {}; }
  /// What errors say of it.
  virtual std::string what() = 0;
  /// Leaves about so many bytes to write to the directory.
  virtual void begin(const fs::path& directory, std::uintmax_t bytes) = 0;
  virtual void end() = 0;
};

/// A file system of its own, almost full. Only root may mount.
class FullFileSystem final : public Scarcity {
 public:
  explicit FullFileSystem(const fs::path& directory, const char* options = "size=8m")
      : directory_(directory) {
    // The mount is this process's alone and goes with it.
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory.c_str(), "tmpfs", 0, options) != 0)
      unavailable_ = "no file system can be mounted: " + std::string(std::strerror(errno));
  }
  ~FullFileSystem() override {
    if (unavailable_.empty()) umount2(directory_.c_str(), MNT_DETACH);
  }
  std::string unavailable() override { return unavailable_; }
  std::string what() override { return "no space is left: free some on its disk"; }
  void begin(const fs::path& directory, std::uintmax_t bytes) override {
    const auto filler = fs::space(directory).available - bytes;
    write_file(directory_ / "filler", std::string(filler, 'x'));
  }
  void end() override { fs::remove(directory_ / "filler"); }
  void give_room_for_files() {
    if (mount("none", directory_.c_str(), "tmpfs", MS_REMOUNT, "nr_inodes=100") != 0)
      throw std::runtime_error(std::strerror(errno));
  }

 private:
  fs::path directory_;
  std::string unavailable_;
};

/// No file may grow beyond the longest there is.
class FileSizeLimit final : public Scarcity {
 public:
  FileSizeLimit() { getrlimit(RLIMIT_FSIZE, &before_); }
  ~FileSizeLimit() override { end(); }
  std::string what() override {
    return "reading or writing failed: check the disk and the user's quota";
  }
  void begin(const fs::path& directory, std::uintmax_t bytes) override {
    std::signal(SIGXFSZ, SIG_IGN);
    std::uintmax_t longest = 0;
    for (const auto& file : fs::directory_iterator(directory)) {
      if (file.path().filename() != "tocsin.reserve") longest = std::max(longest, file.file_size());
    }
    const rlimit limit{.rlim_cur = longest + bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  void end() override { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class FullDiskTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("FileSystem")) {
      scarcity_ = std::make_unique<FullFileSystem>(scratch_.path());
    } else {
      scarcity_ = std::make_unique<FileSizeLimit>();
    }
    if (const auto why = scarcity_->unavailable(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::vector<Commit> commits(int from, int count) {
    std::vector<Commit> all;
    all.reserve(static_cast<std::size_t>(count));
    for (int i = from; i < from + count; i++) all.push_back(make_commit(std::to_string(i)));
    return all;
  }

  ScratchDirectory scratch_;
  fs::path data_ = scratch_.path() / "data";
  std::unique_ptr<Scarcity> scarcity_;
};

TEST_P(FullDiskTest, AFirstStartRunsFromMemoryUntilThereIsRoom) {
  fs::create_directory(data_);
  scarcity_->begin(data_, 8192);
  {
    auto store = open_store(data_);
    ASSERT_TRUE(store.lack_of_disk());
    EXPECT_THAT(store.lack_of_disk()->what,
                ::testing::StartsWith((data_ / "tocsin.db").string() + ": "));
    auto requests = Requests::open(data_).value();
    EXPECT_TRUE(requests.add_ack({.host = HostName("Host"), .at = kNow}));
    auto meanwhile = make_commit("meanwhile");
    ASSERT_TRUE(store.commit({&meanwhile, 1}));
    EXPECT_FALSE(store.restore_if_displaced());
    EXPECT_FALSE(Store::open(data_)) << "the lock keeps others away";
    scarcity_->end();
    EXPECT_EQ(store.restore_if_displaced(), true);
    EXPECT_FALSE(store.lack_of_disk());
    EXPECT_EQ(store.restore_if_displaced(), false);
    ASSERT_TRUE(requests.follow());
    EXPECT_TRUE(requests.add_ack({.host = HostName("Other"), .at = kNow}));
    auto later = make_commit("later");
    ASSERT_TRUE(store.commit({&later, 1}));
    EXPECT_EQ(later.deliveries[0].sequence, 2);
  }
  EXPECT_EQ(integrity(data_), "ok");
  EXPECT_FALSE(fs::exists(data_ / "tocsin.db.displaced"));
  EXPECT_EQ(open_store(data_).history({}).value().size(), 2);
  EXPECT_EQ(Requests::open(data_)->load_acks()->size(), 2);
}

TEST_P(FullDiskTest, CommittingFailsAsAWholeAndWorksAgainLater) {
  auto store = open_store(data_);
  auto before = commits(0, 10);
  ASSERT_TRUE(store.commit(before));
  scarcity_->begin(data_, 65536);
  auto during = commits(100, 500);
  for (int attempt = 0; attempt < 3; attempt++) {
    const auto committed = store.commit(during);
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().kind, ErrorKind::exhausted);
    EXPECT_EQ(committed.error().what, (data_ / "tocsin.db").string() + ": " + scarcity_->what());
    EXPECT_EQ(during[0].deliveries[0].sequence, 0);
    EXPECT_EQ(store.history({}).value().size(), 10);
  }
  scarcity_->end();
  ASSERT_TRUE(store.commit(during));
  EXPECT_EQ(store.history({}).value().size(), 510);
  EXPECT_EQ(store.load_pending("webhook:1", 0, 1000).value().size(), 510);
  EXPECT_EQ(integrity(data_), "ok");
}

TEST(FullDisk, DoesNotKeepARunFromStartingAgain) {
  const ScratchDirectory scratch;
  FullFileSystem disk(scratch.path());
  if (const auto why = disk.unavailable(); !why.empty()) GTEST_SKIP() << why;
  const auto data = scratch.path() / "data";
  {
    auto store = open_store(data);
    auto before = make_commit("1");
    ASSERT_TRUE(store.commit({&before, 1}));
    EXPECT_THAT(store.take_complaints(), ::testing::IsEmpty());
  }
  disk.begin(data, 0);
  auto store = open_store(data);
  EXPECT_EQ(store.load_states().value().size(), 1);
  EXPECT_EQ(store.load_pending("webhook:1", 0, 10).value().size(), 1);
  EXPECT_THAT(store.take_complaints(), ::testing::ElementsAre(::testing::HasSubstr("full")));
  EXPECT_FALSE(fs::exists(data / "tocsin.reserve"));
  disk.end();
  ASSERT_TRUE(store.prune(kNow));
  EXPECT_TRUE(fs::exists(data / "tocsin.reserve")) << "for the next time";
}

TEST(FullDisk, DoesNotKeepARunFromStartingWithoutAReserve) {
  const ScratchDirectory scratch;
  FullFileSystem disk(scratch.path());
  if (const auto why = disk.unavailable(); !why.empty()) GTEST_SKIP() << why;
  const auto data = scratch.path() / "data";
  {
    auto store = open_store(data);
    auto before = make_commit("before");
    ASSERT_TRUE(store.commit({&before, 1}));
  }
  fs::remove(data / "tocsin.reserve");
  disk.begin(data, 0);
  {
    auto store = open_store(data);
    EXPECT_TRUE(store.lack_of_disk());
    EXPECT_EQ(store.load_states().value().size(), 1);
    EXPECT_EQ(store.load_pending("webhook:1", 0, 10).value().size(), 1);
    auto meanwhile = make_commit("meanwhile");
    ASSERT_TRUE(store.commit({&meanwhile, 1}));
    EXPECT_FALSE(store.restore_if_displaced());
    disk.end();
    EXPECT_EQ(store.restore_if_displaced(), true);
  }
  EXPECT_EQ(integrity(data), "ok");
  EXPECT_FALSE(fs::exists(data / "tocsin.db.displaced"));
  EXPECT_EQ(open_store(data).load_pending("webhook:1", 0, 10).value().size(), 2);
}

TEST(FullDisk, DoesNotMakeAFileOfANewerVersionOurs) {
  const ScratchDirectory scratch;
  FullFileSystem disk(scratch.path());
  if (const auto why = disk.unavailable(); !why.empty()) GTEST_SKIP() << why;
  const auto data = scratch.path() / "data";
  open_store(data);
  run_sql(data, "PRAGMA user_version = 1000");
  fs::remove(data / "tocsin.reserve");
  disk.begin(data, 0);
  const auto before = read_file(data / "tocsin.db");
  const auto opened = Store::open(data);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, ::testing::HasSubstr("a newer version of tocsin made it"));
  EXPECT_EQ(read_file(data / "tocsin.db"), before);
}

TEST(FullDisk, MayHaveNoRoomForADirectory) {
  const ScratchDirectory scratch;
  FullFileSystem disk(scratch.path(), "nr_inodes=1");
  if (const auto why = disk.unavailable(); !why.empty()) GTEST_SKIP() << why;
  const auto data = scratch.path() / "data";
  auto store = open_store(data);
  EXPECT_TRUE(store.lack_of_disk());
  auto one = make_commit("1");
  ASSERT_TRUE(store.commit({&one, 1}));
  EXPECT_FALSE(store.restore_if_displaced());
  disk.give_room_for_files();
  EXPECT_EQ(store.restore_if_displaced(), true);
  EXPECT_EQ(Store::open_read_only(data)->history({}).value().size(), 1);
}

TEST(FullDisk, LosesNothingThatWasMovedAside) {
  const ScratchDirectory scratch;
  FullFileSystem disk(scratch.path());
  if (const auto why = disk.unavailable(); !why.empty()) GTEST_SKIP() << why;
  const auto data = scratch.path() / "data";
  auto store = open_store(data);
  write_file(data / "other", "a backup");
  fs::rename(data / "other", data / "tocsin.db");
  disk.begin(data, 0);
  for (int attempt = 0; attempt < 3; attempt++) EXPECT_FALSE(store.restore_if_displaced());
  disk.end();
  EXPECT_EQ(store.restore_if_displaced(), true);
  EXPECT_EQ(read_file(data / "tocsin.db.displaced"), "a backup");
}

INSTANTIATE_TEST_SUITE_P(By, FullDiskTest, ::testing::Values("FileSystem", "FileSizeLimit"),
                         [](const auto& way) { return std::string(way.param); });

}  // namespace
}  // namespace tocsin::store
