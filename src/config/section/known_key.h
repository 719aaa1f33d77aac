// A key that tocsin understands, as the loader itself declares it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::config {

/// Whole numbers in [least, most].
struct Range {
  std::int64_t least;
  std::int64_t most;
};

struct KnownKey {
  std::string path;      ///< "serviceMonitor.monitor[].host"; lists have []
  std::string type;      ///< "text", "boolean", "one of GET, POST, PUT", "list of sections" ...
  std::string fallback;  ///< what holds when the key is absent; "required" when it may not be
  std::string unit;
  std::string example;
  std::string description;
  std::string same_as;  ///< another path that has the same keys below it, which come only there
  std::string differs;  ///< what is different from Butler, as a sentence
  std::string alias;    ///< an older name that works too
  bool required = false;
  std::vector<std::string> alternatives;  ///< keys that take its place: one of all is required
  std::vector<std::string> choices;       ///< of "one of ..."
  bool may_be_list = false;               ///< of "one of ...": a list of some too
  bool is_section_of_butler = false;      ///< of a list: a section is Butler's, and unused
  std::optional<Range> range;             ///< of whole numbers
  bool may_be_boolean = false;            ///< of a section: `true` or `false` in its place too
  bool is_open = false;                   ///< a section with keys of Butler, which we do not know
};

}  // namespace tocsin::config
