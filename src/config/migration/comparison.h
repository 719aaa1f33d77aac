// What tocsin makes of a file of Butler: which of its keys are used, which are not, and which do
// something else here.
#pragma once

#include <string>
#include <vector>

#include "config/file/findings.h"
#include "config/file/yaml.h"
#include "config/section/seen_keys.h"

namespace tocsin::config {

/// A key of the file, and what is to be said about it.
struct KeyNote {
  std::string path;  ///< "serviceMonitor.monitor[].host"; each path is noted once
  std::string file;
  int line = 0;
  std::string text;  ///< a sentence; empty where the list that it stands in says all
};

/// Each list by file and line. A section stands for all that it holds, where all of it is used or
/// none.
struct Comparison {
  std::vector<KeyNote> used;
  std::vector<KeyNote> unused;     ///< those of sections that are switched off, too
  std::vector<KeyNote> different;  ///< keys that are used, and that do not do what Butler does
  /// Keys that are not in the file and whose defaults do what Butler does not do; without lines.
  std::vector<KeyNote> by_default;
};

/// Sorts the keys of a file into the three lists.
[[nodiscard]] Comparison compare(const YamlNode& root, const SeenKeys& seen,
                                 const Findings& findings);

}  // namespace tocsin::config
