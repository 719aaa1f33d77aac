// From a data directory to connections that may be worked with. Inside store/ only.
#pragma once

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "store/connection.h"

namespace tocsin::store {

struct Opened {
  std::filesystem::path file;
  /// In an exclusive transaction on a file beside the database: as long as this lives nobody else
  /// opens it for writing. To be closed after `connection`, which still writes at its end.
  std::optional<Connection> lock;
  Connection connection;
  bool spent_reserve = false;  ///< the disk was full
  /// Why the database is in memory; nothing: it is in its file.
  std::optional<Error> lack{};
  /// What the memory was read from, if there was a file: restore() writes it back.
  std::optional<Connection> original{};
};

/// Errors are as Store::open() says. In memory where the disk takes nothing.
[[nodiscard]] Result<Opened> open_for_writing(const std::filesystem::path& directory);
/// One that `run` has made, without the lock.
[[nodiscard]] Result<Opened> open_existing(const std::filesystem::path& directory,
                                           Connection::Access access);

/// Whether the database is in memory, or it or its log has been removed or replaced while it was
/// open.
[[nodiscard]] bool is_displaced(const Opened& opened);
/// Puts a copy of all that the open database holds where it belongs; what stands there and was
/// never read is moved aside. storage, exhausted: it cannot; the open one is still good.
[[nodiscard]] Result<> restore(Opened& opened);
/// Opens the database of that name again where it has been restored.
[[nodiscard]] Result<> follow(const std::filesystem::path& file, Connection& connection,
                              Connection::Access access = Connection::Access::write);

/// Whether somebody has the lock.
[[nodiscard]] Result<bool> is_locked(const std::filesystem::path& directory);

}  // namespace tocsin::store
