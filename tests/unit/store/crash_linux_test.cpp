// What a crash of the process, or of the machine, leaves of the store.
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <poll.h>
#include <random>
#include <set>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/forgetful_disk.h"
#include "scratch.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

namespace fs = std::filesystem;

/// The store's own functions read the same rows, and more slowly.
std::set<std::string> ids(const fs::path& directory, const std::string& sql) {
  SQLite::Database database(directory / "tocsin.db", SQLite::OPEN_READWRITE);
  SQLite::Statement rows(database, sql);
  std::set<std::string> found;
  while (rows.executeStep()) found.insert(rows.getColumn(0).getString());
  return found;
}
std::set<std::string> history_of(const fs::path& directory) {
  return ids(directory, "SELECT id FROM alert");
}
std::set<std::string> pending_of(const fs::path& directory) {
  return ids(directory, "SELECT id FROM delivery WHERE state = 'pending'");
}

/// What a process says when the store has answered.
struct Acknowledged {
  std::uint32_t number;
  bool delivered;  ///< else: committed
};

/// Commits and delivers one alert after the other until it is killed.
[[noreturn]] void work(const fs::path& directory, std::uint32_t number, int acknowledge) {
  auto store = open_store(directory);
  const auto say = [&](Acknowledged what) {
    if (write(acknowledge, &what, sizeof what) != sizeof what) _exit(1);
  };
  for (;; number++) {
    auto commit = make_commit(std::to_string(number));
    if (!store.commit({&commit, 1})) _exit(1);
    say({number, false});
    const DeliveryUpdate update{.id = commit.deliveries[0].id, .state = DeliveryState::delivered};
    if (!store.update({&update, 1})) _exit(1);
    say({number, true});
  }
}

/// Lets a process work and kills it at a random moment; what it has acknowledged.
std::vector<Acknowledged> killed_at_work(const fs::path& directory, std::uint32_t first,
                                         std::mt19937& chance) {
  std::vector<Acknowledged> acknowledged;
  std::array<int, 2> channel{};
  if (pipe(channel.data()) != 0) return acknowledged;
  const auto child = fork();
  if (child == 0) work(directory, first, channel[1]);
  close(channel[1]);
  const auto hear = [&] {
    Acknowledged one{};
    if (read(channel[0], &one, sizeof one) != sizeof one) return false;
    acknowledged.push_back(one);
    return true;
  };
  if (child > 0 && hear()) {
    const timespec moment{.tv_sec = 0, .tv_nsec = static_cast<long>(chance() % 4'000'000)};
    ppoll(nullptr, 0, &moment, nullptr);
    kill(child, SIGKILL);
    while (hear()) {
    }
  }
  close(channel[0]);
  waitpid(child, nullptr, 0);
  return acknowledged;
}

TEST(StoreCrash, AHundredKillsLoseNothingAcknowledged) {
  constexpr int kKills = 100;
  const ScratchDirectory scratch;
  std::mt19937 chance(20240229);
  std::vector<Acknowledged> all;
  for (int kill_number = 0; kill_number < kKills; kill_number++) {
    // After the last acknowledged one there may be one that was committed.
    const auto first = all.empty() ? 0 : all.back().number + 2;
    const auto acknowledged = killed_at_work(scratch.path(), first, chance);
    ASSERT_FALSE(acknowledged.empty());
    all.insert(all.end(), acknowledged.begin(), acknowledged.end());

    open_store(scratch.path());
    const auto history = history_of(scratch.path());
    const auto pending = pending_of(scratch.path());
    for (const auto& [number, delivered] : all) {
      const auto id = std::to_string(number);
      ASSERT_TRUE(history.contains(id)) << id;
      ASSERT_FALSE(delivered && pending.contains("d-" + id)) << id;
    }
    ASSERT_LE(pending.size(), kill_number + 1) << "only what was under way may be pending";
  }
  EXPECT_EQ(integrity(scratch.path()), "ok");
  std::printf("%zu acknowledgements, %d kills\n", all.size(), kKills);
}

class PowerCutTest : public ::testing::Test {
 protected:
  /// The commits that were acknowledged before a cut, and the files that it left.
  struct Cut {
    int acknowledged;
    fs::path directory;
  };
  static constexpr int kBatch = 20;

  static std::vector<Commit> batch(int number) {
    std::vector<Commit> commits;
    commits.reserve(kBatch);
    for (int i = 0; i < kBatch; i++)
      commits.push_back(make_commit(std::to_string(number * kBatch + i)));
    return commits;
  }

  ScratchDirectory scratch_;
  std::mt19937 chance_{20240229};
};

TEST_F(PowerCutTest, LosesNothingAcknowledged) {
  constexpr int kCommits = 80;  // enough for the log to be copied into the database several times
  std::vector<Cut> cuts;
  {
    kit::ForgetfulDisk disk;
    int acknowledged = 0;
    auto store = open_store(scratch_.path() / "data");
    disk.before_each([&] {
      if (chance_() % 60 != 0) return;
      cuts.push_back({acknowledged, scratch_.path() / std::to_string(cuts.size())});
      disk.cut_power(cuts.back().directory, chance_);
    });
    for (int i = 0; i < kCommits; i++) {
      auto commits = batch(i);
      ASSERT_TRUE(store.commit(commits));
      acknowledged++;
    }
  }
  ASSERT_GT(cuts.size(), 20);
  for (const auto& [acknowledged, directory] : cuts) {
    SCOPED_TRACE(directory.string() + ", after " + std::to_string(acknowledged) + " commits");
    ASSERT_EQ(integrity(directory), "ok");
    open_store(directory);
    const auto history = history_of(directory);
    ASSERT_TRUE(history.size() == static_cast<std::size_t>(acknowledged * kBatch) ||
                history.size() == static_cast<std::size_t>((acknowledged + 1) * kBatch))
        << history.size();
    ASSERT_EQ(pending_of(directory).size(), history.size());
    for (int i = 0; i < acknowledged * kBatch; i++)
      ASSERT_TRUE(history.contains(std::to_string(i))) << i;
  }
}

TEST_F(PowerCutTest, IsNoticedWhereNothingIsSynced) {
  kit::ForgetfulDisk disk;
  SQLite::Database database(scratch_.path() / "tocsin.db",
                            SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA synchronous = NORMAL");
  for (int i = 0; i < 20; i++) database.exec("INSERT INTO t VALUES (1)");
  disk.cut_power(scratch_.path() / "cut", chance_);
  SQLite::Database left(scratch_.path() / "cut" / "tocsin.db", SQLite::OPEN_READWRITE);
  EXPECT_LT(left.execAndGet("SELECT count(*) FROM t").getInt(), 20);
}

}  // namespace
}  // namespace tocsin::store
