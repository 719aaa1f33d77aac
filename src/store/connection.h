// A connection to a database file and its prepared statements. Inside store/ only. Everything
// throws SQLite::Exception; attempt() turns that into an error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.h"
#include "base/error.h"

namespace SQLite {
class Exception;
class Statement;
}  // namespace SQLite

namespace tocsin::store {

/// A prepared statement in use; free for its next use when this is destroyed. Values are bound and
/// columns are read from left to right.
class Query {
 public:
  template <typename... Values>
  explicit Query(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    (bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void bind(const std::string& text);
  /// Without a copy: it stays as it is until this is destroyed.
  void borrow(const std::string& text);
  void borrow(const auto& value) { bind(value); }
  void bind(std::string_view text) { bind(std::string(text)); }
  void bind(const char* text) { bind(std::string(text)); }
  void bind(std::int64_t number);
  void bind(Time time) { bind(std::int64_t{time.time_since_epoch().count()}); }

  /// To the next row; false when there is none.
  bool next();
  /// Executes a statement that has no rows; answers how many it changed.
  std::size_t run();

  std::string text();
  std::int64_t integer();
  bool flag() { return integer() != 0; }
  /// The nearest number that the type can hold.
  template <typename T>
  T number() {
    using Limits = std::numeric_limits<T>;
    return static_cast<T>(std::clamp<std::int64_t>(integer(), Limits::min(), Limits::max()));
  }
  /// Between 1970 and 9999, so that reckoning with it cannot overflow.
  Time time();

 private:
  SQLite::Statement& statement_;
  int bound_ = 0;
  int column_ = 0;
};

class Connection {
 public:
  enum class Access : std::uint8_t {
    read,
    read_at_rest,  ///< nobody has the file open; works without the right to write beside it
    write,
    alone,   ///< as write, but nobody else may read or write it; takes no space for an index
    memory,  ///< no file: a database of this process, which its connections of this name share
  };

  /// The file exists, but for `memory`. Waits for the locks of others for some seconds.
  Connection(const std::filesystem::path& file, Access access);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Statements without rows.
  void exec(const std::string& sql);
  /// The key of the row that was inserted last, of a table that has a number as its key.
  [[nodiscard]] std::int64_t last_inserted() const;
  /// Whether what is open is no longer, or not yet, the file of its name.
  [[nodiscard]] bool has_moved() const;
  /// Leaves what bears the file's name to others: else the end of this would remove their log.
  void forsake();
  /// All of it, over all that the other one holds, in one transaction.
  void copy_to(Connection& other) const;
  /// All of it into the memory of this file's name, which is empty.
  void copy_to_memory();
  /// Ends a transaction that a failed write may have ended already.
  void roll_back() noexcept;
  template <typename... Values>
  [[nodiscard]] Query query(std::string_view sql, const Values&... values) {
    return Query(prepared(sql), values...);
  }
  /// Executes a statement that has no rows; answers how many it changed.
  template <typename... Values>
  std::size_t run(std::string_view sql, const Values&... values) {
    Query query(prepared(sql));
    (query.borrow(values), ...);
    return query.run();
  }

 private:
  SQLite::Statement& prepared(std::string_view sql);

  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// Rolled back unless it is committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// What happened to the file and what to do about it. exhausted: its disk takes nothing more; else
/// storage.
[[nodiscard]] Error explain(const SQLite::Exception& error, const std::filesystem::path& file);
/// The same for the exception that is being caught; throws it again when it is of another kind.
[[nodiscard]] Error explain_caught(const std::filesystem::path& file);

/// Does the work, which answers a Result; what the database throws meanwhile becomes its error.
template <typename F>
std::invoke_result_t<F> attempt(const std::filesystem::path& file, F work) {
  try {
    return work();
  } catch (...) {
    return std::unexpected(explain_caught(file));
  }
}

}  // namespace tocsin::store
