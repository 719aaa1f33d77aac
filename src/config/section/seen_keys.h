// What the sections of a file have said about its keys while they were read.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/file/findings.h"
#include "config/file/yaml.h"

namespace tocsin::config {

/// By path, as "serviceMonitor.monitor[].host"; the place is the first.
struct SeenKeys {
  struct Unused {
    Place place;
    bool of_butler = false;  ///< Butler may use it; otherwise nobody is known to
  };
  struct Different {
    Place place;
    std::string_view how;  ///< as Key::differs
  };
  std::map<std::string, Unused> unused;
  std::map<std::string, Different> different;
  /// Sections without effect, with their paths, since an alias may stand in several, and why.
  std::map<std::pair<std::string, const YamlNode*>, std::string_view> switched_off;
  /// Entries that a file of Butler goes without, by their list and their number in it.
  std::set<std::pair<const YamlNode*, std::size_t>> left_out;

  [[nodiscard]] bool is_off(const std::string& path, const YamlNode& section) const {
    return switched_off.contains({path, &section});
  }
};

}  // namespace tocsin::config
