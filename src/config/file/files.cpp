#include "config/file/files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "base/wildcard.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unreadable(const std::error_code& error) {
  return fail(ErrorKind::invalid_config, "cannot be read: " + error.message());
}

std::unexpected<Error> too_large(std::size_t most) {
  return fail(ErrorKind::invalid_config, "is larger than " + size_text(most));
}

/// As the platform compares the names of files.
bool matches_file_name(const std::string& pattern, const std::string& name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  if constexpr (fs::path::preferred_separator == '/') return matches_wildcard(pattern, name);
  return matches_wildcard(fold_case(pattern), fold_case(name));
}

/// Adds what a folder has by such names. False when that takes more than `most` entries, of which
/// it takes those that it has searched.
bool add_matches(const fs::path& folder, const std::string& pattern, std::size_t& most,
                 std::vector<fs::path>& out) {
  std::error_code error;
  fs::directory_iterator entries(folder.empty() ? fs::path(".") : folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (most-- == 0) return false;
    const auto name = entries->path().filename();
    if (matches_file_name(pattern, to_utf8(name))) out.push_back(folder / name);
  }
  return true;
}

/// One in a folder, which waits until somebody writes to it; those of the system have their writer.
bool is_named_pipe(const fs::path& path, const fs::file_status& status) {
  const auto name = to_utf8(path);
  return fs::is_fifo(status) && !name.starts_with("/dev/") && !name.starts_with("/proc/");
}

}  // namespace

std::string size_text(std::size_t bytes) {
  return bytes >> 20 > 0 ? fmt::format("{} MB", bytes >> 20) : fmt::format("{} KB", bytes >> 10);
}

Result<std::string> read_file(const std::string& name, std::size_t most, Accept accept) {
  const auto path = to_path(name);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    return unreadable(error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
  }
  if (fs::is_directory(status)) return unreadable(std::make_error_code(std::errc::is_a_directory));
  if (fs::is_regular_file(status)) {
    if (const auto size = fs::file_size(path, error); !error && size > most) return too_large(most);
  } else if (accept == Accept::regular_files || is_named_pipe(path, status)) {
    return fail(ErrorKind::invalid_config, "is not a regular file");
  }

  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable({errno, std::generic_category()});
  // Bounded whatever the size said: a file may grow, and those of /proc say 0.
  std::string bytes;
  constexpr std::size_t kChunk = std::size_t{64} << 10;
  while (file && bytes.size() <= most) {
    const auto before = bytes.size();
    bytes.resize(before + kChunk);
    file.read(bytes.data() + before, kChunk);
    bytes.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return unreadable({errno, std::generic_category()});
  if (bytes.size() > most) return too_large(most);
  return bytes;
}

std::optional<std::vector<std::string>> find_files(const std::string& pattern, std::size_t most) {
  const auto whole = to_path(pattern);
  std::vector<fs::path> found = {whole.root_path()};
  for (const auto& part : whole.relative_path()) {
    const auto wanted = to_utf8(part);
    if (!has_wildcard(wanted)) {
      for (auto& path : found) path /= part;
      continue;
    }
    std::vector<fs::path> longer;
    for (const auto& path : found) {
      if (!add_matches(path, wanted, most, longer)) return std::nullopt;
    }
    found = std::move(longer);
  }
  std::vector<std::string> files;
  for (const auto& path : found) {
    if (auto name = to_utf8(path); is_file(name)) files.push_back(std::move(name));
  }
  std::ranges::sort(files);
  return files;
}

std::string identity_of(const std::string& path) {
  std::error_code error;
  const auto canonical = fs::weakly_canonical(to_path(path), error);
  return error ? path : to_utf8(canonical);
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(to_path(path), error);
}

std::string path_from(const std::string& directory, const std::string& path) {
  if (path.empty() || to_path(path).is_absolute()) return path;
  return to_utf8((to_path(directory) / to_path(path)).lexically_normal());
}

}  // namespace tocsin::config
