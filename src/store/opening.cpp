#include "store/opening.h"

#include <cstdint>
#include <fstream>
#include <sqlite3.h>
#include <string>
#include <system_error>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/path.h"
#include "base/text.h"
#include "store/schema.h"

namespace tocsin::store {

namespace fs = std::filesystem;

namespace {

constexpr auto kDatabaseFile = "tocsin.db";
constexpr auto kLockFile = "tocsin.lock";
/// Space that is given back on a full disk, so that tocsin starts there: SQLite needs some for its
/// index and its log before it reads anything.
constexpr auto kReserveFile = "tocsin.reserve";
constexpr std::uintmax_t kReserveBytes = std::uintmax_t{1} << 20;

Error told_of(const fs::path& path, const std::string& what) {
  return {ErrorKind::storage, printable(to_utf8(path)) + ": " + what, {}};
}

/// Makes the directory and what lies above it; nobody else may read it.
Result<> make_directory(const fs::path& directory) {
  std::error_code error;
  if (fs::create_directories(directory, error) && !error)
    fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return std::unexpected(told_of(directory, "it cannot be made: " + error.message()));
  return {};
}

fs::path beside(const fs::path& file, const char* suffix) {
  auto path = file;
  path += suffix;
  return path;
}

/// Reading from anything else may wait for ever.
Result<> refuse_special_files(const fs::path& file) {
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
    const auto path = beside(file, suffix);
    std::error_code ignored;
    const auto status = fs::status(path, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
      return std::unexpected(told_of(path, "it is not a regular file: move it away"));
  }
  return {};
}

/// Makes an empty file, for its owner only; what SQLite makes beside it gets the same permissions.
Result<> make_file(const fs::path& file) {
  if (auto regular = refuse_special_files(file); !regular) return regular;
  std::error_code error;
  if (fs::exists(file, error)) return {};
  const std::ofstream created(file, std::ios::app);
  if (created) fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, error);
  if (created && !error) return {};
  return std::unexpected(
      told_of(file, "it cannot be made: check the owner and the permissions of the directory"));
}

/// Takes the lock that a process holds on its data directory: SQLite's own on a file beside the
/// database, which ends with the process however that ends.
/// Nothing where another process has it.
Result<std::optional<Connection>> take_lock(const fs::path& file) {
  if (auto made = make_file(file); !made) return fail(std::move(made));
  try {
    Connection lock(file, Connection::Access::write);
    lock.exec("PRAGMA busy_timeout = 0");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_BUSY) return std::nullopt;
    return std::unexpected(explain(error, file));
  }
}

/// Reads the version of a file without writing to it. 0: it is new.
Result<std::size_t> examine(const fs::path& file,
                            Connection::Access access = Connection::Access::read) {
  if (auto regular = refuse_special_files(file); !regular) return fail(std::move(regular));
  std::error_code error;
  if (!fs::exists(file, error) || fs::file_size(file, error) == 0) return 0;
  Connection connection(file, access);
  const auto number = [&](const char* sql) {
    auto query = connection.query(sql);
    return query.next() ? query.number<std::int32_t>() : 0;
  };
  const auto version = number("PRAGMA user_version");
  if (version == 0 && number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (number("PRAGMA application_id") != kApplicationId || version < 1)
    return std::unexpected(told_of(file, "the file is another program's: move it away"));
  if (static_cast<std::size_t>(version) > migrations().size())
    return std::unexpected(told_of(file, "a newer version of tocsin made it: use that one"));
  return static_cast<std::size_t>(version);
}

/// Reads every page. Without this, new rows would be written around a damaged page until somebody
/// reads it.
void check_pages(const fs::path& file) {
  Connection connection(file, Connection::Access::read);
  auto check = connection.query("PRAGMA quick_check(1)");
  if (!check.next() || check.text() != "ok") throw SQLite::Exception("damaged", SQLITE_CORRUPT);
}

Result<> prepare(Connection& connection, const fs::path& file, std::size_t version) {
  {
    auto mode = connection.query("PRAGMA journal_mode = WAL");
    if (!mode.next() || mode.text() != "wal")
      return std::unexpected(
          told_of(file, "its file system cannot share memory: choose a directory on a local disk"));
  }
  // FULL: a commit is on the disk when it returns. 1000 pages, 4 MiB, is when the log is copied
  // into the database, and 16 MiB what is left of it at most when it once grew larger.
  connection.exec(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
      "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 1000;"
      "PRAGMA journal_size_limit = 16777216;");
  // Also where nothing is to migrate, to find out now whether the disk takes a write.
  Transaction transaction(connection);
  for (const auto* migration : migrations().subspan(version)) connection.exec(migration);
  connection.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.exec("PRAGMA user_version = " + std::to_string(migrations().size()));
  transaction.commit();
  return {};
}

/// Without the lock.
Result<Opened> open_locked(const fs::path& file) {
  if (auto made = make_file(file); !made) return fail(std::move(made));
  return attempt(file, [&]() -> Result<Opened> {
    const auto version = examine(file);
    if (!version) return std::unexpected(version.error());
    if (*version > 0) check_pages(file);
    Connection connection(file, Connection::Access::write);
    if (auto ready = prepare(connection, file, *version); !ready) return fail(std::move(ready));
    return Opened{.file = file, .lock = std::nullopt, .connection = std::move(connection)};
  });
}

bool is_database_displaced(const Opened& opened) {
  std::error_code error;
  return opened.connection.has_moved() || !fs::exists(beside(opened.file, "-wal"), error);
}

Result<> take_lock_again(Opened& opened) {
  const auto directory = opened.file.parent_path();
  auto taken = take_lock(directory / kLockFile);
  if (!taken) return fail(std::move(taken));
  if (!*taken)
    return std::unexpected(told_of(directory, "another tocsin runs with this data directory"));
  opened.lock = *std::move(taken);
  return {};
}

bool is_full(const fs::path& directory) {
  std::error_code error;
  const auto space = fs::space(directory, error);
  return !error && space.available < kReserveBytes;
}

/// Whether there was one.
bool spend_reserve(const fs::path& directory) {
  std::error_code error;
  return fs::remove(directory / kReserveFile, error);
}

}  // namespace

bool is_displaced(const Opened& opened) {
  return (opened.lock && opened.lock->has_moved()) || is_database_displaced(opened);
}

Result<> restore(Opened& opened) {
  const auto& file = opened.file;
  if (auto made = make_directory(file.parent_path()); !made) return made;
  if (opened.lock && opened.lock->has_moved()) {
    if (auto taken = take_lock_again(opened); !taken) return taken;
  }
  if (!is_database_displaced(opened)) return {};
  std::error_code error;
  if (fs::exists(file, error)) fs::rename(file, beside(file, ".displaced"), error);
  for (const auto* suffix : {"-wal", "-shm", "-journal"}) fs::remove(beside(file, suffix), error);
  if (auto made = make_file(file); !made) return made;
  return attempt(file, [&]() -> Result<> {
    Connection copy(file, Connection::Access::write);
    opened.connection.copy_to(copy);
    if (auto ready = prepare(copy, file, migrations().size()); !ready) return ready;
    opened.connection.forsake();
    opened.connection = std::move(copy);
    return {};
  });
}

Result<> follow(const fs::path& file, Connection& connection) {
  if (!connection.has_moved()) return {};
  auto again = open_existing(file.parent_path(), Connection::Access::write);
  if (!again) return fail(std::move(again));
  connection.forsake();
  connection = std::move(again->connection);
  return {};
}

void keep_reserve(const fs::path& directory) {
  const auto file = directory / kReserveFile;
  std::error_code error;
  if (const auto size = fs::file_size(file, error); !error && size == kReserveBytes) return;
  const auto space = fs::space(directory, error);
  if (error || space.available < 2 * kReserveBytes || !make_file(file)) return;
  std::ofstream out(file, std::ios::binary);
  out << std::string(kReserveBytes, ' ') << std::flush;
  if (out) return;
  out.close();
  fs::remove(file, error);
}

Result<Opened> open_for_writing(const fs::path& directory) {
  const auto file = directory / kDatabaseFile;
  if (auto made = make_directory(directory); !made) return fail(std::move(made));
  bool spent = false;
  const auto make_room = [&] { return is_full(directory) && (spent |= spend_reserve(directory)); };
  auto lock = take_lock(directory / kLockFile);
  if (!lock && make_room()) lock = take_lock(directory / kLockFile);
  if (!lock) return fail(std::move(lock));
  if (!*lock)
    return std::unexpected(told_of(directory,
                                   "another tocsin runs with this data directory: stop it, or "
                                   "give this one a directory of its own"));
  auto opened = open_locked(file);
  if (!opened && make_room()) opened = open_locked(file);
  if (!opened) return opened;
  opened->lock = *std::move(lock);
  opened->spent_reserve = spent;
  keep_reserve(directory);
  return opened;
}

Result<bool> is_locked(const fs::path& directory) {
  const auto lock = take_lock(directory / kLockFile);
  if (!lock) return std::unexpected(lock.error());
  return !lock->has_value();
}

namespace {

Result<Opened> open_as(const fs::path& file, Connection::Access access) {
  return attempt(file, [&]() -> Result<Opened> {
    const auto version =
        examine(file, access == Connection::Access::write ? Connection::Access::read : access);
    if (!version) return std::unexpected(version.error());
    if (*version == 0)
      return std::unexpected(told_of(file, "nothing is stored here yet: tocsin run begins it"));
    if (*version < migrations().size())
      return std::unexpected(told_of(file, "an older version made it: tocsin run brings it up"));
    return Opened{.file = file, .lock = std::nullopt, .connection = Connection(file, access)};
  });
}

/// SQLite makes files beside a database even to read it.
bool wants_to_write(const Error& error) {
  constexpr std::uint32_t kPrimaryCode = 0xFF;
  const auto code = error.native.value_or(0) & kPrimaryCode;
  return code == SQLITE_READONLY || code == SQLITE_CANTOPEN;
}

/// Whether nobody has it open: the last one to close it removes its log.
bool is_at_rest(const fs::path& file) {
  std::error_code error;
  auto log = file;
  log += "-wal";
  return fs::exists(file, error) && !fs::exists(log, error);
}

}  // namespace

Result<Opened> open_existing(const fs::path& directory, Connection::Access access) {
  const auto file = directory / kDatabaseFile;
  auto opened = open_as(file, access);
  if (opened || access != Connection::Access::read || !wants_to_write(opened.error()) ||
      !is_at_rest(file))
    return opened;
  return open_as(file, Connection::Access::read_at_rest);
}

}  // namespace tocsin::store
