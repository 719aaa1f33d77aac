// From any configuration, as one of Butler, to a clean one of our own.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace tocsin::config {

struct Migrated {
  std::string text;  ///< empty when any finding is an error
  std::vector<Finding> findings;
};

/// Reads the file as load() does and writes what tocsin uses of it, to the same effect: recommended
/// order and spelling, comments, references in the place of secrets. Relative paths stay, so the
/// text belongs into the same folder. An error: the file includes others.
[[nodiscard]] Migrated migrate(const std::string& path, const Environment& environment);

/// The same for text at hand.
[[nodiscard]] Migrated migrate_text(const std::string& text, const std::string& file,
                                    const std::string& directory, const Environment& environment);

}  // namespace tocsin::config
