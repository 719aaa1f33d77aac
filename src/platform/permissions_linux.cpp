#include "platform/permissions.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/file_error.h"
#include "base/path.h"
#include "base/text.h"
#include "platform/descriptor_linux.h"

namespace tocsin::platform {

namespace fs = std::filesystem;

namespace {

/// False, with errno, when not all of it could be written.
bool write_all(int descriptor, std::string_view text) {
  if (descriptor < 0) return false;
  while (!text.empty()) {
    const auto written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<> make_private_directory(const fs::path& directory) {
  std::error_code error;
  if (fs::create_directories(directory, error) && !error)
    fs::permissions(directory, fs::perms::owner_all, error);
  if (error)
    return fail(kind_of_file_error(error),
                to_utf8(directory) + ": it cannot be made: " + error.message());
  return {};
}

bool is_readable_by_others(const fs::path& file) {
  std::error_code error;
  const auto status = fs::status(file, error);
  return !error && fs::is_regular_file(status) &&
         (status.permissions() & fs::perms::others_read) != fs::perms::none;
}

bool is_writable_by_others(const fs::path& directory) {
  std::error_code error;
  const auto permissions = fs::status(directory, error).permissions();
  return !error && (permissions & fs::perms::others_write) != fs::perms::none;
}

void give_to_owner(const fs::path& directory, std::span<const std::string_view> files) {
  const Descriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat owner{};
  if (geteuid() != 0 || fstat(folder.get(), &owner) != 0 || owner.st_uid == 0) return;
  for (const auto name : files) {
    // The owner may have put a link to a file of root's there, of either kind.
    const Descriptor file(openat(folder.get(), std::string(name).c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat made{};
    if (fstat(file.get(), &made) == 0 && S_ISREG(made.st_mode) && made.st_nlink == 1 &&
        made.st_uid == 0)
      (void)!fchown(file.get(), owner.st_uid, owner.st_gid);
  }
}

void keep_files_from_others() {
  constexpr mode_t kKept = 0027;
  umask(umask(kKept) | kKept);
}

Result<> replace_file(const fs::path& file, const std::string& text) {
  auto fresh = file;
  fresh += ".new";
  unlink(fresh.c_str());
  constexpr mode_t kForOwnerAndGroup = 0640;
  errno = 0;
  const Descriptor out(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kForOwnerAndGroup));
  const bool written = write_all(out.get(), text) && rename(fresh.c_str(), file.c_str()) == 0;
  if (written) return {};
  const auto why = std::generic_category().message(errno);
  return fail(ErrorKind::storage, printable(to_utf8(file)) + ": it cannot be written: " + why);
}

std::string_view how_to_hide() { return "`chmod 600` prevents that"; }

}  // namespace tocsin::platform
