// YAML text -> a tree of our own, in which every value knows its place in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/file/findings.h"

namespace tocsin::config {

/// A value. Aliases are followed: one node may stand in several places of the tree.
struct YamlNode {
  enum class Type : std::uint8_t { null, scalar, sequence, mapping };

  Type type = Type::null;
  bool plain = false;  ///< a scalar without quotes or tag: it may mean a number or a boolean
  Place place;         ///< of a null in a mapping: that of its key
  std::string text;    ///< of a scalar
  /// A sequence's values, or a mapping's keys (scalars, no two alike) and values in turn.
  std::vector<const YamlNode*> children;

  /// The value of a mapping's key, or null; null for all that is no mapping.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  /// The value below several keys, which dots separate: "influxDb.tag"; null where one is missing.
  [[nodiscard]] const YamlNode* find_path(std::string_view path) const;
};

class Document {
 public:
  [[nodiscard]] const YamlNode& root() const { return *root_; }
  /// The room that all values of the load have taken so far, as YamlInput counts it.
  [[nodiscard]] std::size_t spent() const { return spent_; }

 private:
  friend class DocumentBuilder;
  std::deque<YamlNode> nodes_;
  const YamlNode* root_ = nullptr;
  std::size_t spent_ = 0;
};

/// Which file of a load a text is.
struct YamlInput {
  std::uint16_t file = 0;
  std::size_t spent = 0;  ///< what the files before it took of the room for values
};

/// Parses the one document in `text`, as js-yaml would: a mapping has each key once, `<<` merges.
/// Nothing when the text is no YAML, holds several documents or none, or breaks a limit: size,
/// depth, and the room that all values take with aliases followed. The findings say why, and name
/// double keys. Never quotes a value: it may be a secret.
[[nodiscard]] std::optional<Document> parse_yaml(std::string_view text, Findings& findings,
                                                 YamlInput input = {});

}  // namespace tocsin::config
