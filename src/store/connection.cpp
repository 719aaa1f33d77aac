#include "store/connection.h"

#include <algorithm>
#include <functional>
#include <sqlite3.h>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"

namespace tocsin::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;

using Access = Connection::Access;

int flags_of(Access access) {
  switch (access) {
    case Access::read:
      return SQLite::OPEN_READONLY;
    case Access::read_at_rest:
      return SQLite::OPEN_READONLY | SQLite::OPEN_URI;
    case Access::write:
      return SQLite::OPEN_READWRITE;
    case Access::alone:
      return SQLite::OPEN_READWRITE | SQLite::OPEN_URI;  // for copy_to_memory()
    case Access::memory:
      return SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI;
  }
  return 0;
}

/// sqlite.org/uri.html
std::string uri(const std::filesystem::path& file, const char* parameters) {
  auto path = to_utf8(std::filesystem::absolute(file));
  if (std::filesystem::path::preferred_separator != '/') std::ranges::replace(path, '\\', '/');
  std::string uri = path.starts_with('/') ? "file:" : "file:/";
  for (const char c : path) {
    if (std::string_view("%?#").contains(c)) {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + parameters;
}

/// One that begins with a slash is shared by all connections of the process (memdb.c).
std::string memory_uri(const std::filesystem::path& file) { return uri(file, "?vfs=memdb"); }

std::string name_of(const std::filesystem::path& file, Access access) {
  if (access == Access::memory) return memory_uri(file);
  // Without a log and the memory that its readers share.
  if (access == Access::read_at_rest) return uri(file, "?immutable=1");
  return to_utf8(file);
}

constexpr int kPrimaryCode = 0xFF;

/// sqlite.org/rescode.html: what is written, synced or made longer in vain.
bool is_lack_of_disk(int code) {
  switch (code) {
    case SQLITE_FULL:
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMSIZE:
      return true;
    default:
      return false;
  }
}

}  // namespace

Query::~Query() { statement_.tryReset(); }
void Query::bind(const std::string& text) { statement_.bind(++bound_, text); }
void Query::borrow(const std::string& text) { statement_.bindNoCopy(++bound_, text); }
void Query::bind(std::int64_t number) { statement_.bind(++bound_, number); }

bool Query::next() {
  column_ = 0;
  return statement_.executeStep();
}

std::size_t Query::run() { return static_cast<std::size_t>(statement_.exec()); }
std::string Query::text() { return statement_.getColumn(column_++).getString(); }
std::int64_t Query::integer() { return statement_.getColumn(column_++).getInt64(); }

Time Query::time() {
  constexpr std::int64_t kMost = 253'402'300'799'999;
  return Time(Duration(std::clamp<std::int64_t>(integer(), 0, kMost)));
}

namespace {

/// Lets a statement be found by a text that is no std::string.
struct HashOfText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

}  // namespace

struct Connection::Handle {
  std::filesystem::path file;
  Access access;
  SQLite::Database database;
  std::unordered_map<std::string, SQLite::Statement, HashOfText, std::equal_to<>> statements;
};

Connection::Connection(const std::filesystem::path& file, Access access)
    : handle_(new Handle{.file = file,
                         .access = access,
                         .database = {name_of(file, access),
                                      SQLite::OPEN_NOMUTEX | flags_of(access), kBusyTimeoutMs}}) {
  // Before the first access: then the index of the log is in this process's own memory.
  if (access == Access::alone) exec("PRAGMA locking_mode = EXCLUSIVE");
}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

void Connection::exec(const std::string& sql) { handle_->database.exec(sql); }

std::int64_t Connection::last_inserted() const { return handle_->database.getLastInsertRowid(); }

bool Connection::has_moved() const {
  if (handle_->access == Access::memory) return true;
  int moved = 0;
  const auto code =
      sqlite3_file_control(handle_->database.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;  // Windows does not let go of an open file
}

void Connection::forsake() {
  int keep = 1;
  sqlite3_file_control(handle_->database.getHandle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

void Connection::copy_to(Connection& other) const {
  SQLite::Backup copy(other.handle_->database, handle_->database);
  if (const auto code = copy.executeStep(); code != SQLITE_DONE)
    throw SQLite::Exception(sqlite3_errstr(code), code);
}

/// SQLite::Backup would copy that the database has a log, which no memory has.
void Connection::copy_to_memory() {
  SQLite::Statement copy(handle_->database, "VACUUM INTO ?");
  copy.bind(1, memory_uri(handle_->file));
  copy.exec();
}

void Connection::roll_back() noexcept { handle_->database.tryExec("ROLLBACK"); }

SQLite::Statement& Connection::prepared(std::string_view sql) {
  const auto found = handle_->statements.find(sql);
  if (found != handle_->statements.end()) return found->second;
  std::string text(sql);
  SQLite::Statement statement(handle_->database, text);
  return handle_->statements.emplace(std::move(text), std::move(statement)).first->second;
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.exec("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) connection_.roll_back();
}

void Transaction::commit() {
  connection_.exec("COMMIT");
  open_ = false;
}

Error explain(const SQLite::Exception& error, const std::filesystem::path& file) {
  // Some exceptions have the extended code in the place of the other.
  const int code = std::max(error.getExtendedErrorCode(), error.getErrorCode());
  const auto explained = [&](const std::string& what) {
    return Error{is_lack_of_disk(code) ? ErrorKind::exhausted : ErrorKind::storage,
                 printable(to_utf8(file)) + ": " + what, static_cast<std::uint32_t>(code)};
  };
  constexpr auto kNoSpace = "no space is left: free some on its disk";
  if (code == SQLITE_IOERR_SHMSIZE) return explained(kNoSpace);
  switch (code & kPrimaryCode) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return explained("the file is damaged: restore a backup, or move it away to begin anew");
    case SQLITE_FULL:
      return explained(kNoSpace);
    case SQLITE_IOERR:
      return explained("reading or writing failed: check the disk and the user's quota");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return explained(
          "it cannot be opened for writing: check the owner and the permissions of the directory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return explained("another program keeps it locked");
    default:
      return explained(printable(error.what()));
  }
}

Error explain_caught(const std::filesystem::path& file) {
  try {
    throw;
  } catch (const SQLite::Exception& error) {
    return explain(error, file);
  }
}

}  // namespace tocsin::store
