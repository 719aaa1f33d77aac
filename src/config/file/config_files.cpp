#include "config/file/config_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "base/wildcard.h"
#include "config/file/files.h"

namespace tocsin::config {
namespace {

constexpr std::size_t kMostFiles = 1000;
/// How many entries of folders one pattern may search.
constexpr std::size_t kMostEntries = 100'000;

/// The lists of `serviceMonitor` that every file may add to.
constexpr std::array<std::string_view, 3> kSharedLists = {"credentials", "serviceSets", "monitor"};

/// The mapping under `Butler:` or `tocsin:`, or null after a finding.
const YamlNode* find_root(const YamlNode& document, Findings& findings) {
  const auto refuse = [&findings](Place place, std::string text) {
    findings.add(Severity::error, place, std::move(text));
    return nullptr;
  };
  if (document.type != YamlNode::Type::mapping)
    return refuse(document.place,
                  "the file must be a section that begins with `Butler:` or "
                  "`tocsin:`");
  const auto* butler = document.find("Butler");
  const auto* tocsin = document.find("tocsin");
  if (butler != nullptr && tocsin != nullptr)
    return refuse(document.place, "the file has both `Butler:` and `tocsin:`; remove one");
  const auto* root = butler != nullptr ? butler : tocsin;
  if (root == nullptr) {
    for (const std::string_view name : {"Butler", "tocsin"})
      for (std::size_t i = 0; i < document.children.size(); i += 2)
        if (const auto& key = *document.children[i]; fold_case(key.text) == fold_case(name))
          return refuse(key.place,
                        fmt::format("{} must be written `{}`", in_backticks(key.text + ":"),
                                    std::string(name) + ":"));
    return refuse(document.place,
                  document.find("serviceMonitor") != nullptr
                      ? "`serviceMonitor` must stand indented under a first line `tocsin:`"
                      : "no `Butler:` or `tocsin:` at the left margin of the file");
  }
  if (root->type != YamlNode::Type::mapping)
    return refuse(root->place, "there is nothing under `Butler:` or `tocsin:`");
  return root;
}

/// Where a key of a mapping and its value stand among its children, or nothing.
std::optional<std::size_t> find_key(const YamlNode& mapping, std::string_view key) {
  for (std::size_t i = 0; i < mapping.children.size(); i += 2) {
    if (mapping.children[i]->text == key) return i;
  }
  return std::nullopt;
}

}  // namespace

const YamlNode* ConfigFiles::read(const std::string& text, const std::string& name,
                                  const ConfigFile& first) {
  files_.push_back(first);
  const auto identity = identity_of(to_utf8(to_path(first.directory) / to_path(name).filename()));
  included_.emplace(identity, Place{});
  open_.push_back({identity, name});
  bytes_ = text.size();
  read_text(text, 0);
  open_.pop_back();
  if (roots_.empty() || roots_.front()->place.file != 0) return nullptr;
  return merge();
}

void ConfigFiles::read_text(const std::string& text, std::uint16_t number) {
  auto document = parse_yaml(text, findings_, {.file = number, .spent = spent_});
  if (!document) return;
  spent_ = document->spent();
  documents_.push_back(*std::move(document));
  const auto* root = find_root(documents_.back().root(), findings_);
  if (root == nullptr) return;
  if (number == 0) is_butler_file_ = documents_.back().root().find("Butler") == root;
  roots_.push_back(root);
  read_includes(*root, number);
}

void ConfigFiles::read_includes(const YamlNode& root, std::uint16_t number) {
  const auto at = find_key(root, "include");
  if (!at) return;
  const auto& list = *root.children[*at + 1];
  if (list.type == YamlNode::Type::null) return;
  if (list.type != YamlNode::Type::sequence)
    return refuse(list.place, "`include` must be a list of files, as in `[conf.d/*.yaml]`");
  for (const auto* entry : list.children) {
    if (stopped_) return;
    if (entry->type != YamlNode::Type::scalar || entry->text.empty()) {
      refuse(entry->place, "`include` must be a list of files, as in `[conf.d/*.yaml]`");
      continue;
    }
    const auto& directory = files_.at(number).directory;
    const auto path = substitution_.expand(entry->text, directory);
    if (!path) {
      refuse(entry->place, path.error());
      continue;
    }
    const auto pattern = path_from(directory, *path);
    if (!has_wildcard(pattern)) {
      include(*entry, pattern);
      continue;
    }
    const auto found = find_files(pattern, kMostEntries);
    if (!found) {
      refuse(entry->place,
             fmt::format("`include`: more than {} files and folders must be searched for {}",
                         kMostEntries, in_backticks(pattern, kLongNames)));
      continue;
    }
    if (found->empty())
      findings_.add(
          Severity::warning, entry->place,
          fmt::format("`include`: there is no file {}", in_backticks(pattern, kLongNames)));
    for (const auto& file : *found) include(*entry, file);
    files_read_.add_pattern(pattern, kMostEntries, *found);
  }
}

void ConfigFiles::include(const YamlNode& entry, const std::string& path) {
  if (stopped_) return;
  const auto identity = identity_of(path);
  if (is_cycle(entry, path, identity)) return;
  const auto [known, fresh] = included_.try_emplace(identity, entry.place);
  if (!fresh)
    return refuse(entry.place, fmt::format("`include`: the file {} appears twice, first in {}",
                                           in_backticks(path, kLongNames),
                                           findings_.line(known->second, entry.place)));
  if (files_.size() >= kMostFiles)
    return stop(entry.place, fmt::format("`include`: more than {} files", kMostFiles));
  files_read_.add(path);
  const auto text = read_file(path, kMostConfigBytes, Accept::regular_files);
  if (!text)
    return refuse(entry.place, fmt::format("`include`: the file {} {}",
                                           in_backticks(path, kLongNames), text.error().what));
  bytes_ += text->size();
  if (bytes_ > kMostConfigBytes)
    return stop(
        entry.place,
        fmt::format(
            "`include`: the files up to {} have more than {}, the limit for a configuration",
            in_backticks(path, kLongNames), size_text(kMostConfigBytes)));
  files_.push_back(
      {to_utf8(to_path(path).parent_path()), environment_.is_readable_by_others(path)});
  const auto number = findings_.add_file(path);
  open_.push_back({identity, path});
  read_text(*text, number);
  open_.pop_back();
}

bool ConfigFiles::is_cycle(const YamlNode& entry, const std::string& path,
                           const std::string& identity) {
  const auto from = std::ranges::find(open_, identity, &Open::identity);
  if (from == open_.end()) return false;
  std::string through;
  for (auto file = from + 1; file != open_.end(); file++)
    through += (through.empty() ? ", through " : " and ") + in_backticks(file->name, kLongNames);
  refuse(entry.place, fmt::format("`include`: the file {} includes itself{}",
                                  in_backticks(path, kLongNames), through));
  return true;
}

void ConfigFiles::refuse(Place place, std::string text) {
  findings_.add(Severity::error, place, std::move(text));
}

void ConfigFiles::stop(Place place, std::string text) {
  stopped_ = true;
  refuse(place, std::move(text));
}

YamlNode& ConfigFiles::copy(const YamlNode& node) {
  if (const auto known = copies_.find(&node); known != copies_.end()) return *known->second;
  auto& copied = merged_.emplace_back(node);
  copies_.emplace(&copied, &copied);
  return copied;
}

const YamlNode* ConfigFiles::merge() {
  const auto& first = *roots_.front();
  if (roots_.size() == 1 && !find_key(first, "include")) return &first;
  auto& root = copy(first);
  root.children.clear();
  for (const auto* part : roots_) {
    for (std::size_t i = 0; i < part->children.size(); i += 2) {
      const auto& key = *part->children[i];
      const auto& value = *part->children[i + 1];
      if (key.text == "include") continue;
      const auto before = find_key(root, key.text);
      if (before && key.text == "serviceMonitor" && value.type == YamlNode::Type::mapping &&
          root.children[*before + 1]->type == YamlNode::Type::mapping) {
        auto& monitor = copy(*root.children[*before + 1]);
        merge_monitor(monitor, value);
        root.children[*before + 1] = &monitor;
      } else {
        merge_key(root, key, value, "the section");
      }
    }
  }
  return &root;
}

void ConfigFiles::merge_key(YamlNode& into, const YamlNode& key, const YamlNode& value,
                            std::string_view in_words) {
  const auto before = find_key(into, key.text);
  if (!before) {
    into.children.insert(into.children.end(), {&key, &value});
  } else if (into.children[*before + 1]->type == YamlNode::Type::null) {
    into.children[*before] = &key;
    into.children[*before + 1] = &value;
  } else if (value.type != YamlNode::Type::null) {
    refuse(key.place, fmt::format("{} {} stands in two files, first in {}", in_words,
                                  in_backticks(key.text, kLongNames),
                                  findings_.line(into.children[*before]->place, key.place)));
  }
}

void ConfigFiles::merge_monitor(YamlNode& into, const YamlNode& monitor) {
  for (std::size_t i = 0; i < monitor.children.size(); i += 2) {
    const auto& key = *monitor.children[i];
    const auto& value = *monitor.children[i + 1];
    const auto before = find_key(into, key.text);
    const bool is_shared = std::ranges::find(kSharedLists, key.text) != kSharedLists.end();
    if (before && is_shared && value.type == YamlNode::Type::sequence &&
        into.children[*before + 1]->type == YamlNode::Type::sequence) {
      auto& list = copy(*into.children[*before + 1]);
      list.children.insert(list.children.end(), value.children.begin(), value.children.end());
      into.children[*before + 1] = &list;
    } else {
      merge_key(into, key, value, "the key");
    }
  }
}

}  // namespace tocsin::config
