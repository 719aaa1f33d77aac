#include "config/section.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "config/duration.h"
#include "config/files.h"

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

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return fold_case(a) == fold_case(b);
}

}  // namespace

std::optional<std::string> must_not_be_empty(const std::string& text) {
  if (text.empty()) return "must not be empty";
  return std::nullopt;
}

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
  error(there, fmt::format("`{}` ({}) and `{}` ({}) are one key; remove `{}`", key.alias,
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
  info(place, fmt::format("`{}`: the file is found in the parent of the configuration's folder; "
                          "better write {}",
                          key, in_backticks(from_parent, kLongNames)));
  return other;
}

const YamlNode* Section::raw(std::string_view key) const {
  return mapping_ == nullptr ? nullptr : mapping_->find(key);
}

const YamlNode* Section::raw_path(std::string_view path) const {
  return mapping_ == nullptr ? nullptr : mapping_->find_path(path);
}

bool Section::is(YamlNode::Type wanted, const Entry& entry, std::string_view wanted_in_words) {
  if (entry.value->type == wanted) return true;
  error(entry.value->place,
        fmt::format("{} must be {}, but this is {}", in_backticks(entry.key->text), wanted_in_words,
                    in_words(entry.value->type)));
  return false;
}

void Section::check_has_entries(const Key& key, const Entry& list) {
  if (key.need == Need::required && list.value->children.empty())
    error(list.value->place, fmt::format("`{}` must have at least one entry", key.name));
}

std::optional<std::string> Section::expand(const YamlNode& node) {
  if (!Substitution::has_reference(node.text)) return node.text;
  auto expanded =
      reading_.substitution.expand(node.text, reading_.files.at(node.place.file).directory);
  for (const auto& path : reading_.substitution.take_exposed_files())
    warning(node.place, fmt::format("every user of this machine may read the secret in {}; {}",
                                    in_backticks(path), reading_.how_to_hide));
  if (expanded) return *std::move(expanded);
  error(node.place, std::move(expanded).error());
  return std::nullopt;
}

std::optional<Section::Scalar> Section::scalar(const Key& key) {
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::scalar, *entry, "one value")) return std::nullopt;
  return expanded(*entry->value);
}

std::optional<Section::Scalar> Section::expanded(const YamlNode& node) {
  auto text = expand(node);
  if (!text) return std::nullopt;
  const bool referenced = Substitution::has_reference(node.text);
  return Scalar{*std::move(text), node.place, node.plain || referenced, node.text};
}

PlacedText Section::Scalar::placed() const {
  PlacedText placed{text, place};
  if (text == written) placed.offset = plain ? 0 : 1;
  return placed;
}

Place PlacedText::at(std::size_t byte) const {
  auto there = place;
  if (offset) there.column += *offset + static_cast<int>(byte);
  return there;
}

void Section::wrong_value(const Key& key, const Scalar& scalar, std::string_view wanted) {
  error(scalar.place, fmt::format("`{}` must be {}, but this is {}{}", key.name, wanted,
                                  in_backticks(scalar.written),
                                  scalar.plain ? "" : " in quotes, which make it a text"));
}

std::optional<Place> Section::text(const Key& key, std::string& out, Check check) {
  declare(key, key.is_secret ? "secret text" : "text", out.empty() ? "empty" : out);
  auto value = checked(key, check);
  if (!value) return std::nullopt;
  out = std::move(value->text);
  return value->place;
}

std::optional<PlacedText> Section::placed_text(const Key& key, Check check) {
  declare(key, "text", "empty");
  const auto value = checked(key, check);
  if (!value) return std::nullopt;
  return value->placed();
}

std::optional<Section::Scalar> Section::checked(const Key& key, Check check) {
  auto value = scalar(key);
  if (!value || check == nullptr) return value;
  if (const auto mistake = check(value->text)) {
    error(value->place, fmt::format("`{}` {}", key.name, *mistake));
    return std::nullopt;
  }
  return value;
}

std::optional<Place> Section::secret(const Key& key, Secret& out, std::string* file) {
  declare(key, "secret text", "");
  auto value = scalar(key);
  if (!value) return std::nullopt;
  if (value->text.empty()) {
    error(value->place, fmt::format("`{}` must not be empty", key.name));
    return std::nullopt;
  }
  if (auto& exposed = reading_.files.at(value->place.file).exposed;
      exposed && !Substitution::has_reference(value->written)) {
    warning(value->place,
            fmt::format("`{}` stands in a file that every user of this machine may read: {}, or "
                        "write ${{env:NAME}} or ${{file:PATH}}",
                        key.name, reading_.how_to_hide));
    exposed = false;
  }
  if (file != nullptr)
    *file = Substitution::file_of(value->written, reading_.files.at(value->place.file).directory);
  out = Secret(std::move(value->text));
  return value->place;
}

std::optional<Place> Section::boolean(const Key& key, bool& out) {
  declare(key, "boolean", out ? "true" : "false");
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  // The spellings of YAML 1.2's core schema.
  static constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  static constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  const bool is_true = std::ranges::find(kTrue, value->text) != kTrue.end();
  const bool is_false = std::ranges::find(kFalse, value->text) != kFalse.end();
  if (!value->plain || (!is_true && !is_false)) {
    wrong_value(key, *value, "true or false");
    return std::nullopt;
  }
  out = is_true;
  return value->place;
}

std::optional<std::int64_t> Section::whole_number(const Scalar& scalar, Range range) const {
  std::int64_t number = 0;
  const auto* end = scalar.text.data() + scalar.text.size();
  const auto parsed = std::from_chars(scalar.text.data(), end, number);
  if (!scalar.plain || parsed.ec != std::errc{} || parsed.ptr != end || number < range.least ||
      number > range.most)
    return std::nullopt;
  return number;
}

std::optional<std::pair<std::int64_t, Place>> Section::number(const Key& key, Range range) {
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto number = whole_number(*value, range);
  if (!number) {
    wrong_value(key, *value, fmt::format("a whole number from {} to {}", range.least, range.most));
    return std::nullopt;
  }
  return std::pair(*number, value->place);
}

std::optional<Place> Section::seconds(const Key& key, std::chrono::seconds& out, Range range) {
  declare(key, "whole number", fmt::to_string(out.count()), "seconds", {.range = range});
  const auto value = number(key, range);
  if (!value) return std::nullopt;
  out = std::chrono::seconds(value->first);
  return value->second;
}

std::optional<Place> Section::milliseconds(const Key& key, std::chrono::milliseconds& out,
                                           Range range) {
  declare(key, "whole number", fmt::to_string(out.count()), "milliseconds", {.range = range});
  const auto value = number(key, range);
  if (!value) return std::nullopt;
  out = std::chrono::milliseconds(value->first);
  return value->second;
}

std::optional<Place> Section::port(const Key& key, std::uint16_t& out) {
  constexpr Range kRange{1, 65535};
  declare(key, "whole number", fmt::to_string(out), {}, {.range = kRange});
  const auto value = number(key, kRange);
  if (!value) return std::nullopt;
  out = static_cast<std::uint16_t>(value->first);
  return value->second;
}

std::optional<Place> Section::count(const Key& key, unsigned& out, Range range) {
  declare(key, "whole number", fmt::to_string(out), {}, {.range = range});
  const auto value = number(key, range);
  if (!value) return std::nullopt;
  out = static_cast<unsigned>(value->first);
  return value->second;
}

std::optional<Place> Section::numbers(const Key& key, std::vector<std::uint32_t>& out) {
  constexpr Range kRange{0, std::numeric_limits<std::uint32_t>::max()};
  declare(key, "list of whole numbers", "empty", {}, {.range = kRange});
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list")) return std::nullopt;
  check_has_entries(key, *entry);
  for (const auto* node : entry->value->children) {
    if (!is(YamlNode::Type::scalar, {entry->key, node}, "a list of whole numbers")) continue;
    const auto value = expanded(*node);
    if (!value) continue;
    if (const auto number = whole_number(*value, kRange)) {
      out.push_back(static_cast<std::uint32_t>(*number));
    } else {
      wrong_value(key, *value,
                  fmt::format("a list of whole numbers from {} to {}", kRange.least, kRange.most));
    }
  }
  return entry->key->place;
}

std::optional<Place> Section::duration(const Key& key, Duration& out, DurationRange range) {
  declare(key, "duration", duration_text(out));
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto duration = parse_duration(value->text);
  if (!duration) {
    error(value->placed().at(duration.error().column),
          fmt::format("`{}`: {}", key.name, duration.error().expected));
    return std::nullopt;
  }
  if (*duration < range.least || *duration > range.most) {
    error(value->place, fmt::format("`{}` must be from {} to {}, but this is {}", key.name,
                                    duration_text(range.least), duration_text(range.most),
                                    in_backticks(value->written)));
    return std::nullopt;
  }
  out = *duration;
  return value->place;
}

std::optional<Place> Section::schedule(const Key& key, Schedule& out, const TimeZone& zone) {
  declare(key, "schedule", out.text());
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  auto schedule = Schedule::parse(value->text, zone);
  if (!schedule) {
    error(value->placed().at(schedule.error().column),
          fmt::format("`{}`: {}", key.name, schedule.error().expected));
    return std::nullopt;
  }
  if (!schedule->remark().empty())
    warning(value->place,
            fmt::format("`{}`: {} {}", key.name, in_backticks(value->text), schedule->remark()));
  out = *std::move(schedule);
  return value->place;
}

std::optional<Place> Section::time_zone(const Key& key, TimeZone& out) {
  declare(key, "time zone", out.name());
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto& name = value->text;
  auto known = reading_.time_zones.find(name);
  if (known == reading_.time_zones.end()) {
    auto bytes = reading_.load_time_zone(name);
    auto zone = bytes ? TimeZone::parse(name, *bytes) : fail(std::move(bytes));
    if (!zone) {
      error(value->place, fmt::format("`{}`: {}", key.name, zone.error().what));
      return std::nullopt;
    }
    known = reading_.time_zones.emplace(name, *std::move(zone)).first;
  }
  out = known->second;
  return value->place;
}

std::optional<Place> Section::texts(const Key& key, std::vector<std::string>& out) {
  std::vector<PlacedText> placed;
  const auto place = placed_texts(key, placed);
  for (auto& text : placed) out.push_back(std::move(text.text));
  return place;
}

std::optional<Place> Section::placed_texts(const Key& key, std::vector<PlacedText>& out) {
  declare(key, "list of texts", "empty");
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list")) return std::nullopt;
  check_has_entries(key, *entry);
  for (const auto* node : entry->value->children) {
    if (!is(YamlNode::Type::scalar, {entry->key, node}, "a list of texts")) continue;
    if (const auto value = expanded(*node)) out.push_back(value->placed());
  }
  return entry->key->place;
}

std::optional<Place> Section::text_items(const Key& key, std::vector<PlacedText>& out,
                                         const EntryCheck& check) {
  declare(key, "list of texts", "empty");
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list")) return std::nullopt;
  check_has_entries(key, *entry);
  for (std::size_t i = 0; i < entry->value->children.size(); i++) {
    const auto* node = entry->value->children[i];
    const auto mistakes_before = reading_.mistakes;
    auto item = child(key, nullptr, node->place, "[]");
    std::optional<Scalar> value;
    if (item.is(YamlNode::Type::scalar, {entry->key, node}, "a list of texts"))
      value = item.expanded(*node);
    if (value) {
      if (auto mistake = check(value->placed())) item.error(node->place, *std::move(mistake));
    }
    if (is_right(*entry->value, i, mistakes_before)) out.push_back(value->placed());
  }
  return entry->key->place;
}

std::optional<std::pair<std::size_t, Place>> Section::pick(const Key& key,
                                                           std::span<const std::string_view> names,
                                                           std::string_view all) {
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto picked = pick(key, *value, names, all);
  if (!picked) return std::nullopt;
  return std::pair(*picked, value->place);
}

std::optional<std::pair<std::vector<std::size_t>, Place>> Section::pick_some(
    const Key& key, std::span<const std::string_view> names, std::string_view all) {
  const auto entry = find(key);
  if (!entry) return std::nullopt;
  const bool is_list = entry->value->type == YamlNode::Type::sequence;
  const auto nodes = is_list ? entry->value->children : std::vector{entry->value};
  if (nodes.empty())
    error(entry->value->place, fmt::format("`{}` must have at least one entry", key.name));
  std::vector<std::size_t> picked;
  for (const auto* node : nodes) {
    if (!is(YamlNode::Type::scalar, {entry->key, node}, "one word or a list of words")) continue;
    const auto value = expanded(*node);
    if (!value) continue;
    if (const auto number = pick(key, *value, names, all)) picked.push_back(*number);
  }
  if (picked.empty() || picked.size() < nodes.size()) return std::nullopt;
  return std::pair(std::move(picked), entry->value->place);
}

std::optional<std::size_t> Section::pick(const Key& key, const Scalar& scalar,
                                         std::span<const std::string_view> names,
                                         std::string_view all) {
  const auto found = std::ranges::find_if(
      names, [&scalar](std::string_view name) { return equals_ignoring_case(name, scalar.text); });
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  wrong_value(key, scalar, all);
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
