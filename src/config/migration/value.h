// A configuration that is being rewritten: a tree of values that own what is below them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/file/yaml.h"
#include "config/section/seen_keys.h"

namespace tocsin::config {

struct KeyedValue;

struct Value {
  YamlNode::Type type = YamlNode::Type::null;
  std::string text;              ///< of a scalar
  bool plain = false;            ///< a scalar without quotes
  Place place{};                 ///< {0, 0}: the file does not have it
  std::vector<KeyedValue> keys;  ///< of a mapping
  std::vector<Value> items;      ///< of a sequence

  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] Value* find(std::string_view key);
  /// Nothing when there is none.
  std::optional<Value> take(std::string_view key);
  void put(std::string key, Value value);
  void put_first(std::string key, Value value);
  /// The same for values that mean the same, whatever their places are.
  [[nodiscard]] std::string fingerprint() const;
};

struct KeyedValue {
  std::string key;
  Value value;
};

[[nodiscard]] Value make_scalar(std::string text, bool plain);

/// A copy without empty values, sections that are switched off and entries that are left out;
/// `serviceMonitor` stays, because it is switched off for a while.
[[nodiscard]] Value copy_used(const YamlNode& root, const SeenKeys& seen);

}  // namespace tocsin::config
