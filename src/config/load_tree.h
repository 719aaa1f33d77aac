// Loading, for those who want to see the tree that the Config was made of.
#pragma once

#include <functional>
#include <string>

#include "config/file/yaml.h"
#include "config/load.h"
#include "config/section/seen_keys.h"

namespace tocsin::config {

/// What stands under `tocsin:` or `Butler:`, after it has been read.
struct Tree {
  const YamlNode& root;
  const SeenKeys& seen;
  const Findings& findings;
  bool is_butler_file;
  std::size_t files;  ///< how many it was put together from
};
using UseTree = std::function<void(const Tree& tree)>;

/// As parse(); `use` is called once unless there is no tree. It is not missed when hosts need an
/// account and there is none: `use` adds it.
[[nodiscard]] Loaded parse_tree(const std::string& text, const std::string& file,
                                const std::string& directory, const Environment& environment,
                                const UseTree& use);
/// The same, as load().
[[nodiscard]] Loaded load_tree(const std::string& path, const Environment& environment,
                               const UseTree& use);

}  // namespace tocsin::config
