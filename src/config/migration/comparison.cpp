#include "config/migration/comparison.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::config {
namespace {

struct Row {
  Place place;
  std::string path;
  std::string_view text;
};

/// Goes down the tree as long as a part of it is used and a part is not.
class Walk {
 public:
  explicit Walk(const SeenKeys& seen) : seen_(seen) {}

  void take(const YamlNode& node, const std::string& path) {
    if (node.type == YamlNode::Type::sequence) {
      for (std::size_t i = 0; i < node.children.size(); i++) {
        if (!seen_.left_out.contains({&node, i})) take(*node.children[i], path + "[]");
      }
    } else if (node.type == YamlNode::Type::mapping) {
      for (std::size_t i = 0; i < node.children.size(); i += 2)
        take_key(*node.children[i], *node.children[i + 1], path_to(path, *node.children[i]));
    }
  }

  /// Each entry is worth a row.
  void take_left_out(const YamlNode& node, const std::string& path) {
    const bool is_list = node.type == YamlNode::Type::sequence;
    for (std::size_t i = 0; i < node.children.size(); i++) {
      const auto& child = *node.children[i];
      if (is_list && seen_.left_out.contains({&node, i})) {
        unused.push_back({child.place, path + "[]", "left out for a mistake"});
      } else if (is_list) {
        take_left_out(child, path + "[]");
      } else if (i % 2 == 1) {
        take_left_out(child, path_to(path, *node.children[i - 1]));
      }
    }
  }

  std::vector<Row> used;
  std::vector<Row> unused;

 private:
  static std::string path_to(const std::string& section, const YamlNode& key) {
    return section.empty() ? key.text : section + "." + key.text;
  }

  void take_key(const YamlNode& key, const YamlNode& value, const std::string& path) {
    if (seen_.unused.contains(path)) {
      add(unused, {key.place, path, {}});
    } else if (const auto off = seen_.switched_off.find({path, &value});
               off != seen_.switched_off.end()) {
      add(unused, {key.place, path, off->second});
    } else if (is_used(value, path)) {
      add(used, {key.place, path, {}});
    } else {
      take(value, path);
    }
  }

  /// All of it.
  [[nodiscard]] bool is_used(const YamlNode& node, const std::string& path) const {
    if (seen_.is_off(path, node)) return false;
    if (node.type == YamlNode::Type::sequence) {
      for (std::size_t i = 0; i < node.children.size(); i++) {
        if (!seen_.left_out.contains({&node, i}) && !is_used(*node.children[i], path + "[]"))
          return false;
      }
      return true;
    }
    if (node.type != YamlNode::Type::mapping) return true;
    for (std::size_t i = 0; i < node.children.size(); i += 2) {
      const auto inner = path_to(path, *node.children[i]);
      if (seen_.unused.contains(inner) || !is_used(*node.children[i + 1], inner)) return false;
    }
    return true;
  }

  void add(std::vector<Row>& rows, Row row) {
    if (noted_.insert(row.path).second) rows.push_back(std::move(row));
  }

  const SeenKeys& seen_;
  std::set<std::string> noted_;
};

std::vector<KeyNote> notes_of(std::vector<Row> rows, const Findings& findings) {
  std::ranges::sort(rows, {}, &Row::place);
  std::vector<KeyNote> notes;
  notes.reserve(rows.size());
  for (auto& row : rows)
    notes.push_back(
        {std::move(row.path), findings.file_of(row.place), row.place.line, std::string(row.text)});
  return notes;
}

}  // namespace

Comparison compare(const YamlNode& root, const SeenKeys& seen, const Findings& findings) {
  Walk walk(seen);
  walk.take(root, {});
  walk.take_left_out(root, {});
  std::vector<Row> different;
  different.reserve(seen.different.size());
  for (const auto& [path, key] : seen.different) different.push_back({key.place, path, key.how});
  return {.used = notes_of(std::move(walk.used), findings),
          .unused = notes_of(std::move(walk.unused), findings),
          .different = notes_of(std::move(different), findings),
          .by_default = {}};
}

}  // namespace tocsin::config
