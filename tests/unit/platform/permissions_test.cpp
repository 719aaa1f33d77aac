#include "platform/permissions.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/random.h"
#include "platform/process.h"
#include "platform/program.h"

namespace tocsin::platform {
namespace {

namespace fs = std::filesystem;

class Permissions : public testing::Test {
 protected:
  Permissions() : folder_(fs::temp_directory_path() / to_path("tocsin-ä日-" + unique())) {
    fs::create_directory(folder_);
  }
  ~Permissions() override { fs::remove_all(folder_); }

  static std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static std::string unique() { return make_uuid(SystemClock().now(), system_random()); }

  fs::path folder_;
};

TEST_F(Permissions, ADirectoryIsMadeWithAllThatLiesAboveIt) {
  const auto directory = folder_ / to_path("über") / "data";
  const auto made = make_private_directory(directory);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_TRUE(fs::is_directory(directory));
  EXPECT_TRUE(make_private_directory(directory)) << "it exists";
  EXPECT_TRUE(make_private_directory(directory / "")) << "the same";
}

TEST_F(Permissions, WhatIsMadeInItIsNotForOthers) {
  if (environment_variable("WINEUSERNAME"))
    GTEST_SKIP() << "Wine's directories hand no permissions down to what is made in them";
  const auto directory = folder_ / "data";
  ASSERT_TRUE(make_private_directory(directory));
  EXPECT_EQ(fs::status(directory).permissions() & fs::perms::owner_write, fs::perms::owner_write);
  const auto file = directory / "file";
  std::ofstream(file) << "content";
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(is_readable_by_others(file));
  std::ofstream(file) << "it can still be written";
  EXPECT_EQ(fs::file_size(file), 23U);
}

TEST_F(Permissions, ADirectoryThatCannotBeMadeIsAnErrorThatNamesIt) {
  const auto file = folder_ / "file";
  std::ofstream(file) << "content";
  for (const auto& directory : {file, file / "data"}) {
    const auto made = make_private_directory(directory);
    ASSERT_FALSE(made) << directory;
    EXPECT_TRUE(made.error().what.contains(to_utf8(directory) + ": it cannot be made: "))
        << made.error().what;
  }
}

TEST_F(Permissions, AFileIsReplacedInOneStep) {
  const auto file = folder_ / "metrics.prom";
  ASSERT_TRUE(replace_file(file, "old"));
  ASSERT_TRUE(replace_file(file, "new\n"));
  EXPECT_EQ(text_of(file), "new\n");
  EXPECT_FALSE(fs::exists(folder_ / "metrics.prom.new"));
  const auto failed = replace_file(folder_ / "no folder" / "metrics.prom", "x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::storage);
  EXPECT_TRUE(failed.error().what.contains("metrics.prom: it cannot be written"));
}

TEST_F(Permissions, NothingAndDirectoriesAreNotReadableFiles) {
  EXPECT_FALSE(is_readable_by_others(folder_ / "nothing"));
  EXPECT_FALSE(is_readable_by_others(folder_));
}

}  // namespace
}  // namespace tocsin::platform
