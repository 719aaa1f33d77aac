#include "config/file/files_read.h"

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include "base/path.h"
#include "config/file/files.h"

namespace tocsin::config {

std::optional<FilesRead::Stamp> FilesRead::stamp_of(const std::string& path) {
  std::error_code error;
  const auto file = to_path(path);
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  Stamp stamp{.written = std::filesystem::last_write_time(file, error)};
  if (!error) stamp.size = std::filesystem::file_size(file, error);
  return error ? std::nullopt : std::optional(stamp);
}

std::optional<std::size_t> FilesRead::hash_of(const std::string& path) {
  const auto bytes = read_file(path, kMostConfigBytes, Accept::regular_files);
  return bytes ? std::optional(std::hash<std::string>{}(*bytes)) : std::nullopt;
}

void FilesRead::add(const std::string& path) {
  if (files_.contains(path)) return;
  const auto stamp = stamp_of(path);
  files_.emplace(path, File{.stamp = stamp, .hash = hash_of(path)});
}

void FilesRead::add_pattern(const std::string& pattern, std::size_t most,
                            std::vector<std::string> found) {
  patterns_.insert_or_assign(pattern, Pattern{.most = most, .found = std::move(found)});
}

bool FilesRead::have_changed() const {
  const bool files = std::ranges::any_of(files_, [](const auto& entry) {
    const auto& [path, file] = entry;
    return stamp_of(path) != file.stamp && hash_of(path) != file.hash;
  });
  return files || std::ranges::any_of(patterns_, [](const auto& entry) {
           const auto& [pattern, known] = entry;
           return find_files(pattern, known.most) != known.found;
         });
}

}  // namespace tocsin::config
