// Who may read a data directory, and which error the others get.
#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "scratch.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

namespace fs = std::filesystem;

class PermissionsTest : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  fs::path file_ = scratch_.path() / "tocsin.db";
};

TEST_F(PermissionsTest, NobodyElseMayRead) {
  using std::filesystem::perms;
  const auto directory = scratch_.path() / "a" / "b";
  auto store = open_store(directory);
  auto one = make_commit("1");
  ASSERT_TRUE(store.commit({&one, 1}));
  EXPECT_EQ(std::filesystem::status(directory).permissions(), perms::owner_all);
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    files++;
    EXPECT_EQ(file.status().permissions(), perms::owner_read | perms::owner_write) << file.path();
  }
  EXPECT_GE(files, 3);
}

/// What a user who is not root is answered: "" or an error.
std::string as_nobody(const std::function<std::string()>& work) {
  std::array<int, 2> channel{};
  if (pipe(channel.data()) != 0) return "no pipe";
  const auto child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const bool dropped = getuid() != 0 || setuid(kNobody) == 0;
    const auto said = dropped ? work() : "setuid failed";
    const auto written = write(channel[1], said.data(), said.size());
    _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(channel[1]);
  std::string said;
  std::array<char, 1024> buffer{};
  for (ssize_t count = 0; (count = read(channel[0], buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(count));
  close(channel[0]);
  waitpid(child, nullptr, 0);
  return said;
}

std::string open_as_nobody(const fs::path& directory) {
  return as_nobody([&] {
    const auto opened = Store::open(directory);
    return opened ? "" : opened.error().what;
  });
}

/// What commands do that only list.
std::string list_as_nobody(const fs::path& directory) {
  return as_nobody([&]() -> std::string {
    auto store = Store::open_read_only(directory);
    if (!store) return store.error().what;
    const auto alerts = store->history({});
    if (!alerts) return alerts.error().what;
    auto requests = Requests::open_read_only(directory);
    if (!requests) return requests.error().what;
    const auto silences = requests->load_silences({});
    return silences ? "" : silences.error().what;
  });
}

TEST_F(PermissionsTest, ListingTakesTheRightToReadAndNoMore) {
  const auto let_read = [this] {
    fs::permissions(scratch_.path(), fs::perms(0555));
    for (const auto& file : fs::directory_iterator(scratch_.path()))
      fs::permissions(file, fs::perms(0444));
  };
  {
    auto store = open_store(scratch_.path());
    auto one = make_commit("1");
    ASSERT_TRUE(store.commit({&one, 1}));
    let_read();
    EXPECT_EQ(list_as_nobody(scratch_.path()), "") << "while another tocsin runs";
    fs::permissions(scratch_.path(), fs::perms::owner_all);
    for (const auto& file : fs::directory_iterator(scratch_.path()))
      fs::permissions(file, fs::perms(0600));
  }
  let_read();
  EXPECT_EQ(list_as_nobody(scratch_.path()), "") << "while none does";
  fs::permissions(scratch_.path(), fs::perms::owner_all);
}

TEST_F(PermissionsTest, ADirectoryThatMayNotBeWrittenTo) {
  fs::permissions(scratch_.path(), fs::perms(0555));
  EXPECT_EQ(open_as_nobody(scratch_.path()),
            (scratch_.path() / "tocsin.lock").string() +
                ": it cannot be made: check the owner and the permissions of the directory");
  EXPECT_EQ(open_as_nobody(scratch_.path() / "below"),
            (scratch_.path() / "below").string() + ": it cannot be made: Permission denied");
  EXPECT_TRUE(fs::is_empty(scratch_.path()));
  fs::permissions(scratch_.path(), fs::perms::owner_all);
}

TEST_F(PermissionsTest, AFileThatMayNotBeWrittenTo) {
  open_store(scratch_.path());
  const auto before = read_file(file_);
  fs::permissions(scratch_.path(), fs::perms(0777));
  fs::permissions(scratch_.path() / "tocsin.lock", fs::perms(0666));
  fs::permissions(file_, fs::perms(0444));
  EXPECT_EQ(open_as_nobody(scratch_.path()),
            file_.string() +
                ": it cannot be opened for writing: check the owner and the permissions of the "
                "directory");
  EXPECT_EQ(read_file(file_), before);
}

}  // namespace
}  // namespace tocsin::store
