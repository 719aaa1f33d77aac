// Which keys a section has, and what is noted about them.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "config/section/nearest.h"
#include "config/section/section.h"

namespace tocsin::config {
namespace {

/// Butler's features besides the monitor of services are called after tasks, apps and licences of
/// Qlik Sense; the others are keys of Butler that we do without.
bool is_feature_of_butler(std::string_view key) {
  constexpr std::array<std::string_view, 12> kBegin = {"task",
                                                       "reloadTask",
                                                       "userSyncTask",
                                                       "externalProgramTask",
                                                       "distributeTask",
                                                       "preloadTask",
                                                       "appReload",
                                                       "qlikSense",
                                                       "restMessage",
                                                       "destinationAccount",
                                                       "subscriptionRootTopic",
                                                       "maxBatchSize"};
  return std::ranges::any_of(kBegin,
                             [key](std::string_view begin) { return key.starts_with(begin); });
}

}  // namespace

void Section::declare(const Key& key, std::string type, std::string fallback, std::string_view unit,
                      const Allowed& allowed) {
  declared_.push_back(key.name);
  if (!key.alias.empty()) aliases_.push_back(key.alias);
  if (reading_.known_keys == nullptr) return;
  if (!key.otherwise.empty()) fallback = key.otherwise;
  const bool required = key.need == Need::required;
  if (required) fallback = "required";
  if (!key.alternatives.empty())
    fallback = fmt::format("required unless `{}` is given", fmt::join(key.alternatives, "` or `"));
  reading_.known_keys->push_back(
      {.path = path_to(key.name),
       .type = std::move(type),
       .fallback = std::move(fallback),
       .unit = std::string(unit),
       .example = std::string(key.example),
       .description = std::string(key.description),
       .same_as = std::string(key.same_as),
       .differs = std::string(key.differs),
       .alias = std::string(key.alias),
       .required = required && key.alternatives.empty(),
       .alternatives = {key.alternatives.begin(), key.alternatives.end()},
       .choices = {allowed.choices.begin(), allowed.choices.end()},
       .may_be_list = allowed.list,
       .is_section_of_butler = key.is_section_of_butler,
       .range = allowed.range,
       .may_be_boolean = key.may_be_boolean});
}

void Section::refuse(std::string_view key, std::string text) {
  declared_.push_back(key);
  if (const auto entry = mapping_ == nullptr ? std::nullopt : find(key))
    tolerable(entry->key->place, std::move(text), "the key is ignored");
}

void Section::share_with_butler(Shared shared) {
  shared_ = shared;
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

std::string Section::meant_by(const std::string& key) const {
  // Two slips in a short name make another name, so a key of Butler is not taken for ours.
  constexpr std::size_t kSlips = 2;
  const bool is_open = shared_ == Shared::all;
  const auto most = is_open ? kSlips : std::max(kSlips, key.size() / 3);
  if (const auto meant = nearest(key, declared_, most); !meant.empty()) return in_backticks(meant);
  if (is_open) return {};
  const auto folded = fold_case(key);
  for (const auto& [section, name] : nested_)
    if (fold_case(name) == folded) return fmt::format("`{}.{}`", section, name);
  const auto begins_alike = [&folded](std::string_view name) {
    constexpr std::size_t kShortest = 3;
    const auto other = fold_case(name);
    return std::min(folded.size(), other.size()) >= kShortest &&
           (other.starts_with(folded) || folded.starts_with(other));
  };
  const auto longer = std::ranges::find_if(declared_, begins_alike);
  return longer == declared_.end() ? "" : in_backticks(*longer);
}

void Section::finish() {
  if (mapping_ == nullptr) return;
  const auto is_in = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (std::size_t i = 0; i < mapping_->children.size(); i += 2) {
    const auto& key = *mapping_->children[i];
    if (is_in(declared_, key.text) || is_in(aliases_, key.text)) continue;
    const bool is_feature = shared_ == Shared::features && is_feature_of_butler(key.text);
    const auto meant = is_feature || !reading_.findings.shows(unknown_keys_are_)
                           ? std::string()
                           : meant_by(key.text);
    const bool of_butler = is_feature || (shared_ == Shared::all && meant.empty());
    reading_.seen.unused.try_emplace(path_to(key.text), key.place, of_butler);
    if (of_butler) continue;
    auto text = fmt::format("unknown key {}{}", in_backticks(key.text),
                            meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
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
