// Files in directories that others can write to, and those of a service that root works for.
#include "platform/permissions.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "kit/scratch.h"

namespace tocsin::platform {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& file) {
  struct stat status{};
  EXPECT_EQ(lstat(file.c_str(), &status), 0) << file;
  return status.st_mode & 0777;
}

uid_t owner_of(const fs::path& file) {
  struct stat status{};
  EXPECT_EQ(lstat(file.c_str(), &status), 0) << file;
  return status.st_uid;
}

/// A umask for a while.
class Mask {
 public:
  explicit Mask(mode_t mask) : before_(umask(mask)) {}
  ~Mask() { umask(before_); }
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;

 private:
  mode_t before_;
};

class PermissionsOfLinux : public testing::Test {
 protected:
  kit::ScratchDirectory scratch_;
  const fs::path& folder_ = scratch_.path();
};

TEST_F(PermissionsOfLinux, AReplacedFileIsForOwnerAndGroupWhateverTheUmask) {
  const Mask mask(0);
  const auto file = folder_ / "metrics.prom";
  ASSERT_TRUE(replace_file(file, "text"));
  EXPECT_EQ(mode_of(file), 0640);
}

TEST_F(PermissionsOfLinux, AReplacedFileFollowsNoLink) {
  const auto victim = folder_ / "victim";
  std::ofstream(victim) << "untouched";
  const auto file = folder_ / "metrics.prom";
  fs::create_symlink(victim, folder_ / "metrics.prom.new");
  fs::create_symlink(victim, file);
  ASSERT_TRUE(replace_file(file, "text"));
  EXPECT_EQ(fs::file_size(victim), 9U);
  EXPECT_FALSE(fs::is_symlink(file));
  EXPECT_EQ(fs::file_size(file), 4U);
}

TEST_F(PermissionsOfLinux, FilesAreKeptFromOthers) {
  const Mask mask(0);
  keep_files_from_others();
  std::ofstream(folder_ / "file") << "text";
  EXPECT_EQ(mode_of(folder_ / "file"), 0640);
  fs::create_directory(folder_ / "directory");
  EXPECT_EQ(mode_of(folder_ / "directory"), 0750);
}

TEST_F(PermissionsOfLinux, ADirectoryForAllIsFound) {
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_FALSE(is_writable_by_others(folder_));
  fs::permissions(folder_, fs::perms::all);
  EXPECT_TRUE(is_writable_by_others(folder_));
  EXPECT_FALSE(is_writable_by_others(folder_ / "nothing"));
}

TEST_F(PermissionsOfLinux, WhatRootMakesIsGivenToTheOwnerOfTheDirectory) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t kAnotherUser = 12345;
  const auto data = folder_ / "data";
  fs::create_directory(data);
  for (const auto* name : {"own.db", "other", "named.twice"}) std::ofstream(data / name) << "text";
  std::ofstream(folder_ / "of-root") << "text";
  fs::create_symlink(folder_ / "of-root", data / "link");
  fs::create_hard_link(data / "named.twice", folder_ / "second-name");
  ASSERT_EQ(chown(data.c_str(), kAnotherUser, kAnotherUser), 0);
  constexpr std::array<std::string_view, 4> kFiles = {"own.db", "link", "named.twice", "missing"};
  give_to_owner(data, kFiles);
  EXPECT_EQ(owner_of(data / "own.db"), kAnotherUser);
  EXPECT_EQ(owner_of(data / "other"), 0U) << "it was not asked for";
  EXPECT_EQ(owner_of(folder_ / "of-root"), 0U) << "a link of the owner's";
  EXPECT_EQ(owner_of(folder_ / "second-name"), 0U) << "a hard link of the owner's";
}

}  // namespace
}  // namespace tocsin::platform
