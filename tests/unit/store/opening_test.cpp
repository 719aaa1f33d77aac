// Which files and directories the store opens, and how it refuses the others.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"
#include "store/page_check.h"
#include "store/schema.h"
#include "store/store.h"

namespace tocsin::store {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;
namespace fs = std::filesystem;

// As the first version wrote it. It is never changed: users have such files.
constexpr auto kVersion1 = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1953457011;
CREATE TABLE service (
  host_key TEXT NOT NULL, service_key TEXT NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL,
  state TEXT NOT NULL, since INTEGER NOT NULL, process_id INTEGER NOT NULL,
  exit_code INTEGER NOT NULL, service_exit_code INTEGER NOT NULL, checkpoint INTEGER NOT NULL,
  wait_hint_ms INTEGER NOT NULL, settled TEXT NOT NULL, settled_since INTEGER NOT NULL,
  settled_process_id INTEGER NOT NULL, progress_at INTEGER NOT NULL, stuck INTEGER NOT NULL,
  denied INTEGER NOT NULL, PRIMARY KEY (host_key, service_key)) STRICT, WITHOUT ROWID;
CREATE TABLE alert (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, kind TEXT NOT NULL,
  host_key TEXT NOT NULL, service_key TEXT NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL,
  details TEXT NOT NULL) STRICT;
CREATE INDEX alert_by_time ON alert (at);
CREATE INDEX alert_by_service ON alert (host_key, service_key, at);
CREATE TABLE delivery (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  alert INTEGER NOT NULL REFERENCES alert (sequence), destination TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'delivered', 'dead', 'merged')),
  attempts INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  not_before INTEGER NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX delivery_by_alert ON delivery (alert);
CREATE INDEX delivery_pending ON delivery (destination, sequence) WHERE state = 'pending';
CREATE INDEX delivery_ended ON delivery (updated) WHERE state <> 'pending';
INSERT INTO service VALUES ('QS-NODE1', 'SPOOLER', 'qs-node1', 'Spooler', 'STOPPED', 1700000000000,
  0, 1067, 0, 0, 0, 'STOPPED', 1700000000000, 0, 0, 0, 0);
INSERT INTO alert VALUES (1, '018bcfe5-6800-7000-8000-000000000001', 1700000000000, 'stopped',
  'QS-NODE1', 'SPOOLER', 'qs-node1', 'Spooler',
  '{"from":"RUNNING","to":"STOPPED","reason":"exit code 1067","displayName":"Print Spooler",
    "startMode":0,"dependencies":["RPCSS"],"status":{"state":"STOPPED","exitCode":1067}}');
INSERT INTO delivery VALUES (7, '018bcfe5-6800-7000-8000-000000000002', 1, 'webhook:1', 'pending',
  2, 1700000000000, 1700000001000, 1700000002000, 'no connection');
PRAGMA user_version = 1;
)sql";

class OpeningTest : public ::testing::Test {
 protected:
  /// Opening fails with this sentence about the file, which is left as it is.
  void expect_refused(const std::string& what) {
    const auto before = read_file(file_);
    const auto opened = Store::open(scratch_.path());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::storage);
    EXPECT_EQ(opened.error().what, to_utf8(file_) + ": " + what);
    EXPECT_EQ(read_file(file_), before);
  }
  void fill() {
    auto store = open_store(scratch_.path());
    for (int i = 0; i < 30; i++) {
      std::vector<Commit> commits{make_commit(std::to_string(i))};
      ASSERT_TRUE(store.commit(commits));
    }
  }

  static constexpr auto kDamaged =
      "the file is damaged: restore a backup, or move it away to begin anew";

  ScratchDirectory scratch_;
  fs::path file_ = scratch_.path() / "tocsin.db";
};

TEST_F(OpeningTest, VersionOne) {
  run_sql(scratch_.path(), kVersion1);
  auto store = open_store(scratch_.path());
  const auto states = store.load_states().value();
  EXPECT_EQ(
      states.at(HostName("qs-node1")).services.find(ServiceName("spooler"))->tracked.seen.exit_code,
      1067);
  const auto pending = store.load_pending("webhook:1", 0, 10).value();
  ASSERT_EQ(pending.size(), 1);
  EXPECT_EQ(pending[0].sequence, 1) << "that of its alert";
  EXPECT_EQ(pending[0].attempts, 2);
  EXPECT_EQ(pending[0].alert.reason, "exit code 1067");
  EXPECT_EQ(pending[0].alert.to, ServiceState::stopped);
  EXPECT_EQ(pending[0].alert.details.display_name, "Print Spooler");
  auto one = make_commit("1");
  EXPECT_TRUE(store.commit({&one, 1}));
  EXPECT_EQ(one.deliveries[0].sequence, 2);
}

TEST_F(OpeningTest, ANewFileIsOfTheLatestVersion) {
  open_store(scratch_.path());
  auto database = open_database(file_);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), migrations().size());
  EXPECT_EQ(database.execAndGet("PRAGMA application_id").getInt(), kApplicationId);
}

TEST_F(OpeningTest, AFileOfANewerVersion) {
  run_sql(scratch_.path(), kVersion1);
  run_sql(scratch_.path(), "PRAGMA user_version = 1000");
  expect_refused("a newer version of tocsin made it: use that version");
  EXPECT_FALSE(Store::open_read_only(scratch_.path()));
}

TEST_F(OpeningTest, AFileOfAnotherProgram) {
  run_sql(scratch_.path(), "CREATE TABLE theirs (x); PRAGMA user_version = 1");
  expect_refused("the file belongs to another program: move it away");
}

TEST_F(OpeningTest, AFileThatIsNoDatabase) {
  write_file(file_, "serviceMonitor:\n  enable: true\n" + std::string(5000, '#'));
  expect_refused(kDamaged);
}

TEST_F(OpeningTest, AFileCutShort) {
  fill();
  const auto whole = read_file(file_);
  for (const std::size_t size : {whole.size() - 4096, whole.size() / 2, std::size_t{4096},
                                 std::size_t{100}, std::size_t{50}}) {
    write_file(file_, whole.substr(0, size));
    expect_refused(kDamaged);
  }
}

TEST_F(OpeningTest, EveryPageCounts) {
  fill();
  constexpr std::size_t kPage = 4096;
  const auto whole = read_file(file_);
  for (std::size_t at = 0; at < whole.size(); at += kPage) {
    SCOPED_TRACE("page " + std::to_string(at / kPage + 1));
    auto damaged = whole;
    damaged.replace(at, kPage, kPage, '\x5A');
    write_file(file_, damaged);
    expect_refused(kDamaged);
  }
  write_file(file_, whole);
  EXPECT_TRUE(Store::open(scratch_.path()));
}

TEST_F(OpeningTest, TheDamageOfALargeFileIsFoundBesideTheWork) {
  const std::string text(std::size_t{7} << 20, 'x');
  {
    auto store = open_store(scratch_.path());
    for (const auto* id : {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
      ASSERT_TRUE(store.commit({.id = id, .text = text, .note = {}}, {}));
  }
  EXPECT_TRUE(check_large(scratch_.path()));
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(file_) / 8192 * 4096));
    file << std::string(4096, '\x5A');
  }
  const auto store = open_store(scratch_.path());
  const auto checked = check_large(scratch_.path());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::storage);
  EXPECT_EQ(checked.error().what, to_utf8(file_) + ": " + kDamaged);
}

TEST_F(OpeningTest, ADamagedFileIsAnErrorToReadersToo) {
  write_file(file_, std::string(5000, '#'));
  const auto opened = Store::open_read_only(scratch_.path());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, EndsWith(kDamaged));
}

TEST_F(OpeningTest, NothingToRead) {
  for (const auto& directory : {scratch_.path(), scratch_.path() / "nowhere"}) {
    const auto opened = Store::open_read_only(directory);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().what,
                EndsWith("nothing is stored here yet: start `tocsin run` first"));
  }
  EXPECT_TRUE(fs::is_empty(scratch_.path()));
}

TEST_F(OpeningTest, APathThatIsNoDirectory) {
  write_file(scratch_.path() / "file", "");
  const auto opened = Store::open(scratch_.path() / "file" / "data");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what,
              StartsWith(to_utf8(scratch_.path() / "file" / "data") + ": it cannot be made: "));
}

}  // namespace
}  // namespace tocsin::store
