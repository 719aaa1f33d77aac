// A directory of a test's own.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tocsin::kit {

/// Removed with all that is in it.
class ScratchDirectory {
 public:
  /// Where it is made: on a disk, or in memory where that is possible, since syncing takes long.
  enum class Place : std::uint8_t { disk, memory };
  explicit ScratchDirectory(Place place = Place::disk);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tocsin::kit
