// Reading the files that a configuration is or names: bounded, and with errors for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace tocsin::config {

enum class Accept : std::uint8_t {
  regular_files,  ///< nothing that could keep the start waiting
  streams_too,    ///< pipes and devices of the system as well, for `-c /dev/stdin`
};

/// The largest configuration that is read, all of its files together; 10,000 hosts x 8 services
/// take 7 MB.
inline constexpr std::size_t kMostConfigBytes = std::size_t{8} << 20;
/// Of a PEM file: a bundle of all public authorities has a quarter of that.
inline constexpr std::size_t kMostPemBytes = std::size_t{1} << 20;
/// Of a file that `${file:}` names: keys and certificates have a few kilobytes.
inline constexpr std::size_t kMostSecretBytes = std::size_t{64} << 10;

/// "8 MB", "64 KB".
[[nodiscard]] std::string size_text(std::size_t bytes);

/// The file's bytes, at most `most`. invalid_config: a clause that continues the file's name, such
/// as "cannot be read: Permission denied".
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most,
                                            Accept accept);

/// The regular files that a path with * and ? in its parts stands for, sorted; none that begins
/// with a dot unless the pattern says so. Nothing when more than `most` entries of folders would
/// have to be searched.
[[nodiscard]] std::optional<std::vector<std::string>> find_files(const std::string& pattern,
                                                                 std::size_t most);

/// The same text for all ways to write a path.
[[nodiscard]] std::string identity_of(const std::string& path);

[[nodiscard]] bool is_file(const std::string& path);

/// The path itself when it is absolute or empty, otherwise seen from `directory`.
[[nodiscard]] std::string path_from(const std::string& directory, const std::string& path);

}  // namespace tocsin::config
