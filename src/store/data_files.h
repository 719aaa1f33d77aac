// The files of a data directory as files: made, removed, refused, and space kept for bad times.
// Inside store/ only.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace tocsin::store {

inline constexpr auto kDatabaseFile = "tocsin.db";
inline constexpr auto kLockFile = "tocsin.lock";

/// "PATH: what".
[[nodiscard]] Error told_of(const std::filesystem::path& path, const std::string& what,
                            ErrorKind kind = ErrorKind::storage);
/// The file with its name made longer, as SQLite names its log and its index.
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& file, const char* suffix);

/// Makes the directory and what lies above it; nobody else may read it. storage, exhausted.
[[nodiscard]] Result<> make_directory(const std::filesystem::path& directory);
/// Makes an empty file, for its owner only; what SQLite makes beside it gets the same permissions.
/// storage: a special file stands there, or it cannot be made; exhausted: the disk is full.
[[nodiscard]] Result<> make_file(const std::filesystem::path& file);
/// storage: the database, or a file that SQLite makes beside it, is not a regular file. Reading
/// from anything else may wait for ever.
[[nodiscard]] Result<> refuse_special_files(const std::filesystem::path& file);
[[nodiscard]] bool holds_nothing(const std::filesystem::path& file);
/// The database and what SQLite made beside it. Nobody may have it open.
void remove_database(const std::filesystem::path& file);

/// Whether the disk has less space than the reserve takes.
[[nodiscard]] bool is_full(const std::filesystem::path& directory);
/// Takes some space of the disk, where it has plenty, for spend_reserve() to give back when it is
/// full: SQLite needs some for its index and its log before it reads anything.
void keep_reserve(const std::filesystem::path& directory);
/// Whether there was one.
bool spend_reserve(const std::filesystem::path& directory);

}  // namespace tocsin::store
