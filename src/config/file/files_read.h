// What a configuration was read from, to tell later whether a reload would read something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::config {

/// Files by their contents, and folders by what they held. Keeps no bytes of them.
class FilesRead {
 public:
  /// Before the file is read, so that no change in between goes unnoticed. One that cannot be read
  /// counts too, anything but a regular file does not. Blocking.
  void add(const std::string& path);
  /// Something else reads it again whenever it changes.
  void remove(const std::string& path) { files_.erase(path); }
  /// What find_files() has found, with the same `most`.
  void add_pattern(const std::string& pattern, std::size_t most, std::vector<std::string> found);

  /// Whether any of it is different now. Reads only those files whose time or size has changed.
  /// Blocking.
  [[nodiscard]] bool have_changed() const;

 private:
  struct Stamp {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    std::optional<Stamp> stamp;       ///< nothing: there is no such file
    std::optional<std::size_t> hash;  ///< nothing: it cannot be read
  };
  struct Pattern {
    std::size_t most = 0;
    std::vector<std::string> found;
  };
  [[nodiscard]] static std::optional<Stamp> stamp_of(const std::string& path);
  [[nodiscard]] static std::optional<std::size_t> hash_of(const std::string& path);

  std::map<std::string, File> files_;  ///< by path
  std::map<std::string, Pattern> patterns_;
};

}  // namespace tocsin::config
