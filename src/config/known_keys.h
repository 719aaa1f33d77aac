// Every key that tocsin understands, as the loader itself declares it: for the reference.
#pragma once

#include <string>
#include <vector>

namespace tocsin::config {

struct KnownKey {
  std::string path;      ///< "serviceMonitor.monitor[].host"; lists have []
  std::string type;      ///< "text", "boolean", "one of GET, POST, PUT", "list of sections" ...
  std::string fallback;  ///< what holds when the key is absent; "required" when it may not be
  std::string unit;
  std::string example;
  std::string description;
  std::string same_as;  ///< another path that has the same keys below it, which come only there
};

/// In the order in which they are read; a section or list comes before what it holds.
[[nodiscard]] std::vector<KnownKey> known_keys();

}  // namespace tocsin::config
