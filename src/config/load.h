// From a file to a Config, with every mistake in it reported at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/file/environment.h"
#include "config/file/finding.h"
#include "config/migration/comparison.h"

namespace tocsin::config {

struct Loaded {
  std::optional<Config> config;  ///< absent when any finding is an error
  std::vector<Finding> findings;
  std::optional<Comparison> comparison;  ///< of a file that begins with `Butler:`
};

/// Reads and checks the file. Never throws; a file that cannot be read is a finding too.
[[nodiscard]] Loaded load(const std::string& path, const Environment& environment);

/// The same for text at hand; `directory` is what relative paths and ${file:} start from.
[[nodiscard]] Loaded parse(const std::string& text, const std::string& file,
                           const std::string& directory, const Environment& environment);

}  // namespace tocsin::config
