#include "config/migration/value.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tocsin::config {
namespace {

class Copier {
 public:
  explicit Copier(const SeenKeys& seen) : seen_(seen) {}

  Value copy(const YamlNode& node, const std::string& path) const {
    Value value{.type = node.type, .text = node.text, .plain = node.plain, .place = node.place};
    if (node.type == YamlNode::Type::sequence) {
      for (std::size_t i = 0; i < node.children.size(); i++) {
        if (!seen_.left_out.contains({&node, i}))
          value.items.push_back(copy(*node.children[i], path + "[]"));
      }
    } else if (node.type == YamlNode::Type::mapping) {
      for (std::size_t i = 0; i < node.children.size(); i += 2)
        copy_key(*node.children[i], *node.children[i + 1], path, value);
    }
    return value;
  }

 private:
  void copy_key(const YamlNode& key, const YamlNode& node, const std::string& section,
                Value& value) const {
    const auto path = section.empty() ? key.text : section + "." + key.text;
    const bool is_off = seen_.is_off(path, node) && path != "serviceMonitor";
    if (!is_off && node.type != YamlNode::Type::null) value.put(key.text, copy(node, path));
  }

  const SeenKeys& seen_;
};

template <typename Keys>
auto find_in(Keys& keys, std::string_view key) {
  return std::ranges::find_if(keys, [key](const auto& entry) { return entry.key == key; });
}

void append(std::string& out, std::string_view text) {
  out += fmt::format("{}:{}", text.size(), text);
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const auto found = find_in(keys, key);
  return found == keys.end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view key) {
  const auto found = find_in(keys, key);
  return found == keys.end() ? nullptr : &found->value;
}

std::optional<Value> Value::take(std::string_view key) {
  const auto found = find_in(keys, key);
  if (found == keys.end()) return std::nullopt;
  auto value = std::move(found->value);
  keys.erase(found);
  return value;
}

void Value::put(std::string key, Value value) {
  keys.push_back({std::move(key), std::move(value)});
}

void Value::put_first(std::string key, Value value) {
  keys.insert(keys.begin(), {std::move(key), std::move(value)});
}

std::string Value::fingerprint() const {
  auto out = fmt::format("{}{}", static_cast<int>(type), plain ? 'p' : 'q');
  append(out, text);
  for (const auto& [key, value] : keys) {
    append(out, key);
    out += value.fingerprint();
  }
  for (const auto& item : items) out += item.fingerprint();
  return out + ";";
}

Value make_scalar(std::string text, bool plain) {
  return {.type = YamlNode::Type::scalar, .text = std::move(text), .plain = plain};
}

Value copy_used(const YamlNode& root, const SeenKeys& seen) { return Copier(seen).copy(root, {}); }

}  // namespace tocsin::config
