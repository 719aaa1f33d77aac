// SQLite on a disk whose power may be cut at any moment.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace tocsin::kit {

/// As long as it lives, the databases that this process opens lie on it: the system's files, of
/// which it notes besides what has been synced and what was written since. One at a time; for
/// databases that one thread uses, all closed before it goes.
class ForgetfulDisk {
 public:
  ForgetfulDisk();
  ~ForgetfulDisk();
  ForgetfulDisk(const ForgetfulDisk&) = delete;
  ForgetfulDisk& operator=(const ForgetfulDisk&) = delete;

  /// Called before every write, truncation and sync.
  void before_each(std::function<void()> call) { before_each_ = std::move(call); }
  /// Writes to `directory` what a power cut at this moment may leave of the files: all that was
  /// synced, and of each later write, by chance, nothing, the beginning or all.
  void cut_power(const std::filesystem::path& directory, std::mt19937& chance) const;

 private:
  struct Write {
    std::size_t offset;
    std::string bytes;  ///< none: the file ends at the offset
  };
  struct Image {
    std::string synced;
    std::vector<Write> later;
  };
  struct File;
  struct Methods;

  sqlite3_vfs* system_;
  sqlite3_vfs vfs_;
  std::map<std::string, Image> images_;  ///< by path
  std::function<void()> before_each_ = [] {};
};

}  // namespace tocsin::kit
