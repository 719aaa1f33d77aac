// Which keys a section has, and what is noted about them.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/nearest.h"
#include "config/section.h"

namespace tocsin::config {

void Section::declare(const Key& key, std::string type, std::string fallback, std::string_view unit,
                      const Allowed& allowed) {
  declared_.push_back(key.name);
  if (!key.alias.empty()) aliases_.push_back(key.alias);
  if (reading_.known_keys == nullptr) return;
  if (!key.otherwise.empty()) fallback = key.otherwise;
  const bool required = key.need == Need::required;
  if (required) fallback = "required";
  if (!key.alternative.empty()) fallback = fmt::format("required without `{}`", key.alternative);
  reading_.known_keys->push_back({.path = path_to(key.name),
                                  .type = std::move(type),
                                  .fallback = std::move(fallback),
                                  .unit = std::string(unit),
                                  .example = std::string(key.example),
                                  .description = std::string(key.description),
                                  .same_as = std::string(key.same_as),
                                  .differs = std::string(key.differs),
                                  .alias = std::string(key.alias),
                                  .required = required && key.alternative.empty(),
                                  .alternative = std::string(key.alternative),
                                  .choices = {allowed.choices.begin(), allowed.choices.end()},
                                  .may_be_list = allowed.list,
                                  .range = allowed.range});
}

void Section::refuse(std::string_view key, std::string text) {
  declared_.push_back(key);
  if (const auto entry = mapping_ == nullptr ? std::nullopt : find(key))
    tolerable(entry->key->place, std::move(text), "the key is ignored");
}

void Section::share_with_butler() {
  shared_ = true;
  if (reading_.known_keys == nullptr || parent_ == nullptr) return;
  for (auto& key : *reading_.known_keys) {
    if (key.path == path()) key.is_open = true;
  }
}

void Section::note_difference(const Key& key, Place place) {
  if (!reading_.is_butler_file || off_ || key.differs.empty()) return;
  reading_.seen.different.try_emplace(path_to(key.name), SeenKeys::Different{place, key.differs});
}

void Section::switch_off() {
  off_ = true;
  if (mapping_ != nullptr)
    reading_.seen.switched_off.try_emplace({path(), mapping_}, "switched off");
}

void Section::finish() {
  if (mapping_ == nullptr) return;
  // Two slips in a short name make another name, so a key of Butler is not taken for ours.
  constexpr std::size_t kSlips = 2;
  const auto is_in = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (std::size_t i = 0; i < mapping_->children.size(); i += 2) {
    const auto& key = *mapping_->children[i];
    if (is_in(declared_, key.text) || is_in(aliases_, key.text)) continue;
    const auto most = shared_ ? kSlips : std::max(kSlips, key.text.size() / 3);
    const auto meant = reading_.findings.shows(unknown_keys_are_)
                           ? nearest(key.text, declared_, most)
                           : std::string_view{};
    const bool of_butler = shared_ && meant.empty();
    reading_.seen.unused.try_emplace(path_to(key.text), key.place, of_butler);
    if (of_butler) continue;
    auto text = fmt::format("unknown key {}{}", in_backticks(key.text),
                            meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant));
    if (unknown_keys_are_ == Severity::error) {
      error(key.place, std::move(text));
    } else {
      warning(key.place, std::move(text));
    }
  }
}

std::string Section::path() const {
  if (parent_ == nullptr) return {};
  return parent_->path_to(name_).append(suffix_);
}

std::string Section::path_to(std::string_view key) const {
  if (parent_ == nullptr) return std::string(key);
  return path().append(".").append(key);
}

}  // namespace tocsin::config
