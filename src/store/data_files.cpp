#include "store/data_files.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>

#include "base/file_error.h"
#include "base/path.h"
#include "base/text.h"

namespace tocsin::store {

namespace fs = std::filesystem;

namespace {

constexpr auto kReserveFile = "tocsin.reserve";
constexpr std::uintmax_t kReserveBytes = std::uintmax_t{1} << 20;
/// The log and the index go first: SQLite would take them for those of a new database.
constexpr std::array kDatabaseSuffixes{"-wal", "-shm", "-journal", ""};

}  // namespace

Error told_of(const fs::path& path, const std::string& what, ErrorKind kind) {
  return {kind, printable(to_utf8(path)) + ": " + what, {}};
}

Result<> make_directory(const fs::path& directory) {
  std::error_code error;
  if (fs::create_directories(directory, error) && !error)
    fs::permissions(directory, fs::perms::owner_all, error);
  if (!error) return {};
  return std::unexpected(
      told_of(directory, "it cannot be made: " + error.message(), kind_of_file_error(error)));
}

fs::path beside(const fs::path& file, const char* suffix) {
  auto path = file;
  path += suffix;
  return path;
}

void remove_database(const fs::path& file) {
  std::error_code ignored;
  for (const auto* suffix : kDatabaseSuffixes) fs::remove(beside(file, suffix), ignored);
}

Result<> refuse_special_files(const fs::path& file) {
  for (const auto* suffix : kDatabaseSuffixes) {
    const auto path = beside(file, suffix);
    std::error_code ignored;
    const auto status = fs::status(path, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
      return std::unexpected(told_of(path, "it is not a regular file: move it away"));
  }
  return {};
}

Result<> make_file(const fs::path& file) {
  if (auto regular = refuse_special_files(file); !regular) return regular;
  std::error_code error;
  if (fs::exists(file, error)) return {};
  errno = 0;
  const std::ofstream created(file, std::ios::app);
  const auto kind = kind_of_file_error({errno, std::generic_category()});
  if (created) fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, error);
  if (created && !error) return {};
  if (kind == ErrorKind::exhausted)
    return std::unexpected(told_of(file, "no space is left: free some on its disk", kind));
  return std::unexpected(
      told_of(file, "it cannot be made: check the owner and the permissions of the directory"));
}

bool holds_nothing(const fs::path& file) {
  std::error_code error;
  return !fs::exists(file, error) || fs::file_size(file, error) == 0;
}

bool is_full(const fs::path& directory) {
  std::error_code error;
  const auto space = fs::space(directory, error);
  return !error && space.available < kReserveBytes;
}

bool spend_reserve(const fs::path& directory) {
  std::error_code error;
  return fs::remove(directory / kReserveFile, error);
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

}  // namespace tocsin::store
