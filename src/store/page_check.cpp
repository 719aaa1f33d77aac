#include "store/page_check.h"

#include <cstdint>
#include <sqlite3.h>
#include <system_error>

#include <SQLiteCpp/Exception.h>

#include "store/connection.h"
#include "store/data_files.h"

namespace tocsin::store {

namespace fs = std::filesystem;

bool is_large(const fs::path& file) {
  constexpr std::uintmax_t kLarge = std::uintmax_t{64} << 20;  // a disk reads that in half a second
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return !error && size > kLarge;
}

Result<> check_pages(const fs::path& file) {
  return attempt(file, [&]() -> Result<> {
    Connection connection(file, Connection::Access::read);
    auto check = connection.query("PRAGMA quick_check(1)");
    if (!check.next() || check.text() != "ok") throw SQLite::Exception("damaged", SQLITE_CORRUPT);
    return {};
  });
}

Result<> check_large(const fs::path& directory) {
  const auto file = directory / kDatabaseFile;
  return is_large(file) ? check_pages(file) : Result<>();
}

}  // namespace tocsin::store
