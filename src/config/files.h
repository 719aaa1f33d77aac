// Reading the files that a configuration is or names: bounded, and with errors for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace tocsin::config {

enum class Accept : std::uint8_t {
  regular_files,  ///< nothing that could keep the start waiting
  streams_too,    ///< pipes and devices as well, for `-c /dev/stdin`
};

/// The file's bytes, at most `most`. invalid_config: a clause that continues the file's name, such
/// as "cannot be read: Permission denied".
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t most,
                                            Accept accept);

[[nodiscard]] bool is_file(const std::string& path);

/// The path itself when it is absolute or empty, otherwise seen from `directory`.
[[nodiscard]] std::string path_from(const std::string& directory, const std::string& path);

}  // namespace tocsin::config
