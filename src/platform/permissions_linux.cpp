#include "platform/permissions.h"

#include <system_error>

#include "base/path.h"

namespace tocsin::platform {

namespace fs = std::filesystem;

Result<> make_private_directory(const fs::path& directory) {
  std::error_code error;
  if (fs::create_directories(directory, error) && !error)
    fs::permissions(directory, fs::perms::owner_all, error);
  if (error)
    return fail(ErrorKind::storage, to_utf8(directory) + ": it cannot be made: " + error.message());
  return {};
}

bool is_readable_by_others(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  return !error && fs::is_regular_file(status) &&
         (status.permissions() & fs::perms::others_read) != fs::perms::none;
}

std::string_view how_to_hide() { return "`chmod 600` takes that away"; }

}  // namespace tocsin::platform
