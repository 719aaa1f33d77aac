#include "store/opening.h"

#include <cstdint>
#include <sqlite3.h>
#include <string>
#include <system_error>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/try.h"
#include "store/data_files.h"
#include "store/page_check.h"
#include "store/schema.h"

namespace tocsin::store {

namespace fs = std::filesystem;

namespace {

std::uint32_t primary_code(const Error& error) { return error.native.value_or(0) & 0xFF; }

/// Takes the lock that a process holds on its data directory: SQLite's own on a file beside the
/// database, which ends with the process however that ends.
/// Nothing where another process has it.
Result<std::optional<Connection>> take_lock(const fs::path& file) {
  TRY(make_file(file));
  try {
    Connection lock(file, Connection::Access::write);
    lock.exec("PRAGMA busy_timeout = 0");
    lock.exec("PRAGMA journal_mode = MEMORY");  // so that the lock takes no space
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_BUSY) return std::nullopt;
    return std::unexpected(explain(error, file));
  }
}

/// 0: it is new.
Result<std::size_t> version_of(Connection& connection, const fs::path& file) {
  const auto number = [&](const char* sql) {
    auto query = connection.query(sql);
    return query.next() ? query.number<std::int32_t>() : 0;
  };
  const auto version = number("PRAGMA user_version");
  if (version == 0 && number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (number("PRAGMA application_id") != kApplicationId || version < 1)
    return std::unexpected(told_of(file, "the file belongs to another program: move it away"));
  if (static_cast<std::size_t>(version) > migrations().size())
    return std::unexpected(told_of(file, "a newer version of tocsin made it: use that version"));
  return static_cast<std::size_t>(version);
}

/// Reads the version of a file without writing to it. 0: it is new.
Result<std::size_t> examine(const fs::path& file,
                            Connection::Access access = Connection::Access::read) {
  TRY(refuse_special_files(file));
  if (holds_nothing(file)) return 0;
  Connection connection(file, access);
  return version_of(connection, file);
}

void bring_up(Connection& connection, std::size_t version) {
  // FULL: a commit is on the disk when it returns. 1000 pages, 4 MiB, is when the log is copied
  // into the database, and 16 MiB what is left of it at most when it once grew larger. The one
  // CHECK, of a delivery's state, makes a table of its words for each row: a quarter of the time
  // that a change takes here, and what we write are words of an enumeration.
  connection.exec(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
      "PRAGMA ignore_check_constraints = ON;"
      "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 1000;"
      "PRAGMA journal_size_limit = 16777216;");
  // Also where nothing is to migrate, to find out now whether the disk takes a write.
  Transaction transaction(connection);
  for (const auto* migration : migrations().subspan(version)) connection.exec(migration);
  connection.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.exec("PRAGMA user_version = " + std::to_string(migrations().size()));
  transaction.commit();
}

Result<> prepare(Connection& connection, const fs::path& file, std::size_t version) {
  {
    auto mode = connection.query("PRAGMA journal_mode = WAL");
    if (!mode.next() || mode.text() != "wal")
      return std::unexpected(
          told_of(file, "its file system cannot share memory: choose a directory on a local disk"));
  }
  bring_up(connection, version);
  return {};
}

/// Without the lock.
Result<Opened> open_locked(const fs::path& file) {
  TRY(make_file(file));
  return attempt(file, [&]() -> Result<Opened> {
    TRY(const auto version, examine(file));
    if (version > 0 && !is_large(file)) {
      TRY(check_pages(file));
    }
    Connection connection(file, Connection::Access::write);
    TRY(prepare(connection, file, version));
    return Opened{.file = file, .lock = std::nullopt, .connection = std::move(connection)};
  });
}

/// All that the file holds, which nobody else reads or writes from then on; nothing: it holds
/// nothing.
Result<std::optional<Connection>> read_to_memory(const fs::path& file) {
  TRY(refuse_special_files(file));
  if (holds_nothing(file)) return std::nullopt;
  Connection original(file, Connection::Access::alone);
  TRY(const auto version, version_of(original, file));
  if (version == 0) return std::nullopt;
  original.copy_to_memory();
  return original;
}

/// What cannot be read is refused: it would be lost.
Result<Opened> open_in_memory(const fs::path& file, std::optional<Connection> lock, Error lack) {
  return attempt(file, [&]() -> Result<Opened> {
    Opened opened{.file = file,
                  .lock = std::move(lock),
                  .connection = Connection(file, Connection::Access::memory),
                  .lack = std::move(lack)};
    TRY(auto original, read_to_memory(file));
    opened.original = std::move(original);
    if (!opened.original) remove_database(file);
    TRY(const auto version, version_of(opened.connection, file));
    bring_up(opened.connection, version);
    return opened;
  });
}

bool is_database_displaced(const Opened& opened) {
  std::error_code error;
  return opened.connection.has_moved() || !fs::exists(beside(opened.file, "-wal"), error);
}

Result<> take_lock_again(Opened& opened) {
  const auto directory = opened.file.parent_path();
  TRY(auto taken, take_lock(directory / kLockFile));
  if (!taken)
    return std::unexpected(told_of(directory, "another tocsin runs with this data directory"));
  opened.lock = std::move(taken);
  return {};
}

}  // namespace

bool is_displaced(const Opened& opened) {
  return (opened.lock && opened.lock->has_moved()) || is_database_displaced(opened);
}

namespace {

/// Half of it is none: what is made is removed where it cannot be completed.
Result<> make_anew(Opened& opened) {
  const auto& file = opened.file;
  std::error_code error;
  if (!holds_nothing(file)) fs::rename(file, beside(file, ".displaced"), error);
  remove_database(file);
  if (auto made = make_file(file); !made) return made;
  auto copied = attempt(file, [&]() -> Result<> {
    Connection copy(file, Connection::Access::write);
    opened.connection.copy_to(copy);
    if (auto ready = prepare(copy, file, migrations().size()); !ready) return ready;
    opened.connection.forsake();
    opened.connection = std::move(copy);
    return {};
  });
  if (!copied) remove_database(file);
  return copied;
}

/// To the file that the memory was read from.
Result<> write_back(Opened& opened) {
  const auto& file = opened.file;
  return attempt(file, [&]() -> Result<> {
    opened.connection.copy_to(*opened.original);
    opened.original.reset();
    Connection written(file, Connection::Access::write);
    if (auto ready = prepare(written, file, migrations().size()); !ready) return ready;
    opened.connection = std::move(written);
    return {};
  });
}

}  // namespace

Result<> restore(Opened& opened) {
  const auto directory = opened.file.parent_path();
  if (auto made = make_directory(directory); !made) return made;
  if (!opened.lock || opened.lock->has_moved()) {
    if (auto taken = take_lock_again(opened); !taken) return taken;
  }
  if (!is_database_displaced(opened)) return {};
  if (auto stored = opened.original ? write_back(opened) : make_anew(opened); !stored)
    return stored;
  opened.lack.reset();
  keep_reserve(directory);
  return {};
}

namespace {

/// Whether the disk takes nothing more. SQLite does not say why it cannot make a file.
bool is_lack(const Error& error, const fs::path& directory) {
  if (primary_code(error) != SQLITE_CANTOPEN) return error.kind == ErrorKind::exhausted;
  const auto file = directory / "tocsin.probe";
  const auto made = make_file(file);
  std::error_code ignored;
  fs::remove(file, ignored);
  return !made && made.error().kind == ErrorKind::exhausted;
}

}  // namespace

Result<Opened> open_for_writing(const fs::path& directory) {
  const auto file = directory / kDatabaseFile;
  const auto refuse = [&](Error error, std::optional<Connection> lock = {}) -> Result<Opened> {
    if (is_lack(error, directory)) return open_in_memory(file, std::move(lock), std::move(error));
    return std::unexpected(std::move(error));
  };
  if (auto made = make_directory(directory); !made) return refuse(made.error());
  bool spent = false;
  const auto make_room = [&] { return is_full(directory) && (spent |= spend_reserve(directory)); };
  auto lock = take_lock(directory / kLockFile);
  if (!lock && make_room()) lock = take_lock(directory / kLockFile);
  if (!lock) return refuse(lock.error());
  if (!*lock)
    return std::unexpected(told_of(directory,
                                   "another tocsin runs with this data directory: stop it, or "
                                   "give this one a directory of its own"));
  auto opened = open_locked(file);
  if (!opened && make_room()) opened = open_locked(file);
  if (!opened) return refuse(opened.error(), *std::move(lock));
  opened->lock = *std::move(lock);
  opened->spent_reserve = spent;
  keep_reserve(directory);
  return opened;
}

Result<bool> is_locked(const fs::path& directory) {
  TRY(const auto lock, take_lock(directory / kLockFile));
  return !lock.has_value();
}

namespace {

/// Whether a process has the lock. Makes no file.
bool is_in_use(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory / kLockFile, error)) return false;
  const auto lock = take_lock(directory / kLockFile);
  return lock && !*lock;
}

Error nothing_stored(const fs::path& file) {
  return told_of(
      file,
      is_in_use(file.parent_path())
          ? "the running tocsin keeps it in memory, because the disk is full: free some space there"
          : "nothing is stored here yet: start `tocsin run` first");
}

Result<Opened> open_as(const fs::path& file, Connection::Access access) {
  return attempt(file, [&]() -> Result<Opened> {
    const bool writes = access == Connection::Access::write;
    TRY(const auto version, examine(file, writes ? Connection::Access::read : access));
    if (version == 0) return std::unexpected(nothing_stored(file));
    if (version < migrations().size())
      return std::unexpected(
          told_of(file, "an older version of tocsin made it: `tocsin run` upgrades it"));
    return Opened{.file = file, .lock = std::nullopt, .connection = Connection(file, access)};
  });
}

/// SQLite makes files beside a database even to read it.
bool wants_to_write(const Error& error) {
  const auto code = primary_code(error);
  return code == SQLITE_READONLY || code == SQLITE_CANTOPEN;
}

bool is_busy(const Error& error) { return primary_code(error) == SQLITE_BUSY; }

/// Whether nobody has it open: the last one to close it removes its log.
bool is_at_rest(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error) && !fs::exists(beside(file, "-wal"), error);
}

/// What this process keeps in memory, because the disk is full; nothing: it does not.
Result<std::optional<Opened>> open_memory(const fs::path& file) {
  return attempt(file, [&]() -> Result<std::optional<Opened>> {
    Connection memory(file, Connection::Access::memory);
    if (version_of(memory, file) != migrations().size()) return std::nullopt;
    return Opened{.file = file, .lock = std::nullopt, .connection = std::move(memory)};
  });
}

Result<Opened> open_file(const fs::path& file, Connection::Access access) {
  auto opened = open_as(file, access);
  if (!opened && is_busy(opened.error()) && is_in_use(file.parent_path()))
    return std::unexpected(nothing_stored(file));
  if (opened || access != Connection::Access::read || !wants_to_write(opened.error()) ||
      !is_at_rest(file))
    return opened;
  return open_as(file, Connection::Access::read_at_rest);
}

}  // namespace

Result<Opened> open_existing(const fs::path& directory, Connection::Access access) {
  const auto file = directory / kDatabaseFile;
  TRY(auto memory, open_memory(file));
  if (memory) return *std::move(memory);
  return open_file(file, access);
}

Result<> follow(const fs::path& file, Connection& connection, Connection::Access access) {
  if (!connection.has_moved()) return {};
  TRY(auto again, open_file(file, access));
  connection.forsake();
  connection = std::move(again.connection);
  return {};
}

}  // namespace tocsin::store
