// The files of one configuration: the one that is given, and those that it includes, put together
// into one tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/file/environment.h"
#include "config/file/files_read.h"
#include "config/file/findings.h"
#include "config/file/substitution.h"
#include "config/file/yaml.h"

namespace tocsin::config {

/// A file of a load, by the number that places have.
struct ConfigFile {
  std::string directory;  ///< where relative paths start from
  bool exposed = false;   ///< other users may read it
};

/// Owns the tree. The lists `monitor`, `serviceSets` and `credentials` of `serviceMonitor` are
/// those of all files, one after the other; every other key stands in one file only.
class ConfigFiles {
 public:
  /// Adds the files that are included to `files_read`.
  ConfigFiles(Findings& findings, Substitution& substitution, const Environment& environment,
              FilesRead& files_read)
      : findings_(findings),
        substitution_(substitution),
        environment_(environment),
        files_read_(files_read) {}

  /// What stands under `tocsin:` or `Butler:` in all files, or null when the first has no such
  /// mapping. `name` is what findings call the first file.
  [[nodiscard]] const YamlNode* read(const std::string& text, const std::string& name,
                                     const ConfigFile& first);

  /// Whether the first file begins with `Butler:`.
  [[nodiscard]] bool is_butler_file() const { return is_butler_file_; }

  /// By the numbers that places have.
  [[nodiscard]] const std::vector<ConfigFile>& files() const { return files_; }

 private:
  /// A file whose includes are being read.
  struct Open {
    std::string identity;
    std::string name;
  };

  void read_text(const std::string& text, std::uint16_t number);
  void read_includes(const YamlNode& root, std::uint16_t number);
  void include(const YamlNode& entry, const std::string& path);
  [[nodiscard]] bool is_cycle(const YamlNode& entry, const std::string& path,
                              const std::string& identity);
  void refuse(Place place, std::string text);
  void stop(Place place, std::string text);

  [[nodiscard]] const YamlNode* merge();
  void merge_key(YamlNode& into, const YamlNode& key, const YamlNode& value,
                 std::string_view in_words);
  void merge_monitor(YamlNode& into, const YamlNode& monitor);
  /// A node that may be changed: the node itself when it is such a copy already.
  [[nodiscard]] YamlNode& copy(const YamlNode& node);

  Findings& findings_;
  Substitution& substitution_;
  const Environment& environment_;
  FilesRead& files_read_;
  std::vector<ConfigFile> files_;
  std::deque<Document> documents_;
  std::vector<const YamlNode*> roots_;                     ///< of the files that have one
  std::deque<YamlNode> merged_;                            ///< nodes that no single file holds
  std::unordered_map<const YamlNode*, YamlNode*> copies_;  ///< each to itself
  std::vector<Open> open_;
  std::unordered_map<std::string, Place> included_;  ///< identity -> where
  std::size_t bytes_ = 0;
  std::size_t spent_ = 0;
  bool is_butler_file_ = false;
  bool stopped_ = false;  ///< a limit is broken, and reported
};

}  // namespace tocsin::config
