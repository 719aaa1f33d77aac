// Scalar values and lists of them: each in the type that its key wants.
#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "config/section/duration.h"
#include "config/section/section.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kListOfTexts = "a list of texts";
constexpr std::string_view kForeignReference =
    "looks like a reference, but is taken literally: write ${env:NAME}, ${file:PATH} or "
    "${credential:NAME}";

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return fold_case(a) == fold_case(b);
}

}  // namespace

std::optional<std::string> must_not_be_empty(const std::string& text) {
  if (text.empty()) return "must not be empty";
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

std::vector<Section::Scalar> Section::scalars(const Key& key, const Entry& list,
                                              std::string_view wanted_in_words) {
  check_has_entries(key, list);
  std::vector<Scalar> values;
  values.reserve(list.value->children.size());
  for (const auto* node : list.value->children) {
    if (!is(YamlNode::Type::scalar, {list.key, node}, wanted_in_words)) continue;
    if (auto value = expanded(*node)) values.push_back(*std::move(value));
  }
  return values;
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

std::optional<std::string> Section::find_mistake(const Key& key, const Scalar& value) {
  if (key.is_secret && is_foreign_reference(value.written)) return std::string(kForeignReference);
  return find_stray_character(value.spelled(), key.writing);
}

std::optional<Section::Scalar> Section::checked(const Key& key, Check check) {
  auto value = scalar(key);
  if (!value) return value;
  auto mistake = find_mistake(key, *value);
  if (!mistake && check != nullptr) mistake = check(value->text);
  if (!mistake) return value;
  error(value->place, fmt::format("`{}` {}", key.name, *mistake));
  return std::nullopt;
}

std::optional<Place> Section::secret(const Key& key, Secret& out, std::string* file) {
  declare(key, "secret text", "");
  auto value = scalar(key);
  if (!value) return std::nullopt;
  if (value->text.empty()) {
    error(value->place, fmt::format("`{}` must not be empty", key.name));
    return std::nullopt;
  }
  // Whatever it is, it may be meant so.
  if (const auto stray =
          find_mistake({.name = key.name, .writing = Writing::title, .is_secret = true}, *value))
    warning(value->place, fmt::format("`{}` {}", key.name, *stray));
  if (auto& exposed = reading_.files.at(value->place.file).exposed;
      exposed && !Substitution::has_reference(value->written)) {
    warning(value->place,
            fmt::format("`{}` stands in a file that every user of this machine may read: {}, or "
                        "write ${{env:NAME}} or ${{file:PATH}}",
                        key.name, reading_.environment.how_to_hide));
    exposed = false;
  }
  if (file != nullptr) {
    *file = reading_.substitution.file_of(value->written,
                                          reading_.files.at(value->place.file).directory);
    reading_.files_read.remove(*file);
  }
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
  for (const auto& value : scalars(key, *entry, "a list of whole numbers")) {
    if (const auto number = whole_number(value, kRange)) {
      out.push_back(static_cast<std::uint32_t>(*number));
    } else {
      wrong_value(key, value,
                  fmt::format("a list of whole numbers from {} to {}", kRange.least, kRange.most));
    }
  }
  return entry->key->place;
}

std::optional<Duration> Section::duration_in(const Key& key, const Scalar& value,
                                             DurationRange range) {
  const auto duration = parse_duration(value.text);
  if (!duration) {
    error(value.placed().at(duration.error().column),
          fmt::format("`{}`: {}", key.name, duration.error().expected));
    return std::nullopt;
  }
  if (*duration < range.least || *duration > range.most) {
    error(value.place, fmt::format("`{}` must be from {} to {}, but this is {}", key.name,
                                   duration_text(range.least), duration_text(range.most),
                                   in_backticks(value.written)));
    return std::nullopt;
  }
  return *duration;
}

std::optional<Place> Section::duration(const Key& key, Duration& out, DurationRange range) {
  declare(key, "duration", duration_text(out));
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto duration = duration_in(key, *value, range);
  if (!duration) return std::nullopt;
  out = *duration;
  return value->place;
}

std::optional<Place> Section::durations(const Key& key, std::vector<Duration>& out,
                                        DurationRange range) {
  std::string fallback;
  for (const auto duration : out)
    fallback.append(fallback.empty() ? "" : ", ").append(duration_text(duration));
  declare(key, "list of durations", fallback);
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list")) return std::nullopt;
  std::vector<Duration> all;
  for (const auto& value : scalars(key, *entry, "a list of durations")) {
    const auto duration = duration_in(key, value, range);
    if (!duration) return std::nullopt;
    all.push_back(*duration);
  }
  if (entry->value->children.empty())
    error(entry->value->place, fmt::format("`{}` must have at least one entry", key.name));
  if (all.empty()) return std::nullopt;
  out = std::move(all);
  return entry->key->place;
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
    auto bytes = reading_.environment.time_zone(name);
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
  for (const auto& value : scalars(key, *entry, kListOfTexts)) {
    if (const auto mistake = find_mistake(key, value))
      error(value.place, fmt::format("`{}` {}", key.name, *mistake));
    else
      out.push_back(value.placed());
  }
  return entry->key->place;
}

std::optional<Place> Section::text_items(const Key& key, std::vector<PlacedText>& out,
                                         const EntryCheck& check) {
  declare(key, "list of texts", "empty");
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list")) return std::nullopt;
  read_items(key, *entry, YamlNode::Type::scalar, kListOfTexts, out,
             [&](Section& item, const YamlNode& node, PlacedText& text) {
               const auto value = item.expanded(node);
               if (!value) return;
               text = value->placed();
               if (const auto stray = find_mistake(key, *value)) {
                 item.error(node.place, fmt::format("`{}` {}", key.name, *stray));
               } else if (auto mistake = check(text)) {
                 item.error(node.place, *std::move(mistake));
               }
             });
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

}  // namespace tocsin::config
