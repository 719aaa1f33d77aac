#include "config/section/section.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/files.h"
#include "config/file/yaml_mistakes.h"

namespace tocsin::config {
namespace {

std::string_view in_words(YamlNode::Type type) {
  switch (type) {
    case YamlNode::Type::null:
      return "empty";
    case YamlNode::Type::scalar:
      return "text";
    case YamlNode::Type::sequence:
      return "a list";
    case YamlNode::Type::mapping:
      return "a section";
  }
  return "text";
}

}  // namespace

void Section::error(Place place, std::string text) {
  if (costs_the_item()) reading_.mistakes++;
  const auto cost = cost_of_a_mistake();
  if (!cost.empty()) text.insert(0, cost + ": ");
  reading_.findings.add(off_ || !cost.empty() ? Severity::warning : Severity::error, place,
                        std::move(text));
}

void Section::tolerable(Place place, std::string text, std::string_view consequence) {
  if (cost_of_a_mistake().empty()) return error(place, std::move(text));
  warning(place, fmt::format("{}: {}", consequence, text));
}

/// Not what is wrong in a part of it that is switched off, nor in a destination that is.
bool Section::costs_the_item() const {
  for (const auto* at = this; off_ && at != nullptr; at = at->parent_) {
    if (!at->off_ || !at->destination_.empty()) return false;
    if (!at->suffix_.empty()) return true;
  }
  return true;
}

std::string_view Section::destination() const {
  for (const auto* at = this; at != nullptr; at = at->parent_)
    if (!at->destination_.empty()) return at->destination_;
  return {};
}

std::string Section::cost_of_a_mistake() const {
  if (!reading_.is_butler_file || off_) return {};
  for (const auto* at = this; at != nullptr; at = at->parent_) {
    if (!at->suffix_.empty()) return fmt::format("this entry of `{}` is left out", at->name_);
    if (!at->destination_.empty()) return fmt::format("nothing goes to {}", at->destination_);
  }
  return {};
}

bool Section::is_right(const YamlNode& list, std::size_t entry, std::size_t mistakes_before) {
  if (reading_.mistakes == mistakes_before) return true;
  if (goes_without(mistakes_before)) reading_.seen.left_out.emplace(&list, entry);
  return false;
}

bool Section::goes_without(std::size_t mistakes_before) {
  if (reading_.mistakes == mistakes_before || !reading_.is_butler_file || off_) return false;
  reading_.mistakes = mistakes_before;
  reading_.left_out++;
  return true;
}

void Section::warning(Place place, std::string text) {
  reading_.findings.add(Severity::warning, place, std::move(text));
}

void Section::info(Place place, std::string text) {
  reading_.findings.add(Severity::info, place, std::move(text));
}

std::optional<Section::Entry> Section::find(std::string_view name) const {
  for (std::size_t i = 0; i < mapping_->children.size(); i += 2) {
    if (mapping_->children[i]->text == name)
      return Entry{mapping_->children[i], mapping_->children[i + 1]};
  }
  return std::nullopt;
}

std::optional<Section::Entry> Section::find_by_either_name(const Key& key) {
  const auto entry = find(key.name);
  const auto older = key.alias.empty() ? std::nullopt : find(key.alias);
  if (!older) return entry;
  const auto there = older->key->place;
  if (!entry) {
    info(there, fmt::format("`{}` is now called `{}`; both work", key.alias, key.name));
    return older;
  }
  const auto& findings = reading_.findings;
  error(there, fmt::format("`{}` ({}) and `{}` ({}) are the same key; remove `{}`", key.alias,
                           findings.line(there, there), key.name,
                           findings.line(entry->key->place, there), key.alias));
  return entry;
}

std::optional<Section::Entry> Section::find(const Key& key) {
  if (mapping_ == nullptr) return std::nullopt;
  const auto entry = find_by_either_name(key);
  if (entry && entry->value->type != YamlNode::Type::null) {
    note_difference(key, entry->key->place);
    return entry;
  }
  if (key.need == Need::optional) return std::nullopt;
  if (entry) {
    error(entry->key->place, fmt::format("`{}` is empty", key.name));
  } else {
    error(place_, fmt::format("the key `{}` is missing", key.name));
  }
  return std::nullopt;
}

std::string Section::path_at(Place place, const std::string& path) const {
  return path_from(reading_.files.at(place.file).directory, path);
}

std::string Section::file_at(Place place, std::string_view key, const std::string& path) {
  auto file = path_at(place, path);
  if (off_ || file == path || is_file(file)) return file;
  const auto from_parent = "../" + path;
  auto other = path_at(place, from_parent);
  if (!is_file(other)) return file;
  info(place,
       fmt::format("`{}`: the file is in the parent of the configuration's folder; better write {}",
                   key, in_backticks(from_parent, kLongNames)));
  return other;
}

const YamlNode* Section::raw(std::string_view key) const {
  return mapping_ == nullptr ? nullptr : mapping_->find(key);
}

bool Section::has(std::string_view key) const {
  const auto* value = raw(key);
  return value != nullptr && value->type != YamlNode::Type::null;
}

const YamlNode* Section::raw_path(std::string_view path) const {
  return mapping_ == nullptr ? nullptr : mapping_->find_path(path);
}

bool Section::is(YamlNode::Type wanted, const Entry& entry, std::string_view wanted_in_words,
                 std::string_view instead) {
  if (entry.value->type == wanted) return true;
  const auto& value = *entry.value;
  const bool may_be_glued = wanted == YamlNode::Type::mapping && value.plain;
  const auto glued = may_be_glued ? glued_key(value.text) : std::string_view();
  const auto hint =
      glued.empty() ? std::string(instead) : fmt::format(": a space is missing after `{}:`", glued);
  error(entry.value->place,
        fmt::format("{} must be {}, but this is {}{}", in_backticks(entry.key->text),
                    wanted_in_words, in_words(entry.value->type), hint));
  return false;
}

std::string Section::form_of(const Key& key, const YamlNode& node) {
  if (key.entry_key.empty() || node.type != YamlNode::Type::scalar) return {};
  return fmt::format(": write `- {}: {}`", key.entry_key, printable(node.text, kLongNames / 2));
}

void Section::check_has_entries(const Key& key, const Entry& list) {
  if (key.need == Need::required && list.value->children.empty())
    error(list.value->place, fmt::format("`{}` must have at least one entry", key.name));
}

std::optional<std::string> Section::expand(const YamlNode& node) {
  if (!Substitution::has_reference(node.text)) return node.text;
  auto expanded =
      reading_.substitution.expand(node.text, reading_.files.at(node.place.file).directory);
  for (auto& text : reading_.substitution.take_warnings()) warning(node.place, std::move(text));
  if (expanded) return *std::move(expanded);
  error(node.place, std::move(expanded).error());
  return std::nullopt;
}

Section Section::child(const Key& key, const YamlNode* mapping, Place place,
                       std::string_view suffix) const {
  Section inner(reading_, mapping, place);
  inner.parent_ = this;
  inner.name_ = key.name;
  inner.suffix_ = suffix;
  inner.destination_ = key.destination;
  inner.off_ = off_;
  return inner;
}

}  // namespace tocsin::config
