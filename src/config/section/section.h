// Reads one section of the file, key by key; each key is declared where it is read.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "base/words.h"
#include "config/file/findings.h"
#include "config/file/yaml.h"
#include "config/section/key.h"
#include "config/section/known_key.h"
#include "config/section/reading.h"
#include "config/section/spelling.h"
#include "schedule/schedule.h"

namespace tocsin::config {

/// A mapping that is being read. The functions named after a type read a key of that type into
/// `out`, which keeps its value when the key is absent or wrong. They answer the place of a right
/// value (of a section or list: of its key), and nothing otherwise; what is wrong becomes a
/// finding. No finding shows what text() and secret() read: it may be a secret.
class Section {
 public:
  /// `mapping` may be null: then every key is absent, and none is missed.
  Section(Reading& reading, const YamlNode* mapping, Place place)
      : reading_(reading), mapping_(mapping), place_(place) {}

  std::optional<Place> text(const Key& key, std::string& out, Check check = nullptr);
  /// `file`, where it is wanted: the one that the value refers to as a whole; else empty.
  std::optional<Place> secret(const Key& key, Secret& out, std::string* file = nullptr);
  /// true and false only, as for js-yaml; yes and on are text.
  std::optional<Place> boolean(const Key& key, bool& out);
  std::optional<Place> seconds(const Key& key, std::chrono::seconds& out, Range range);
  std::optional<Place> milliseconds(const Key& key, std::chrono::milliseconds& out, Range range);
  std::optional<Place> port(const Key& key, std::uint16_t& out);
  std::optional<Place> count(const Key& key, unsigned& out, Range range);
  std::optional<Place> numbers(const Key& key, std::vector<std::uint32_t>& out);
  /// As parse_duration() reads it.
  std::optional<Place> duration(const Key& key, Duration& out, DurationRange range);
  /// A list of at least one; it replaces what `out` holds.
  std::optional<Place> durations(const Key& key, std::vector<Duration>& out, DurationRange range);
  std::optional<Place> schedule(const Key& key, Schedule& out, const TimeZone& zone = {});
  /// An IANA name.
  std::optional<Place> time_zone(const Key& key, TimeZone& out);
  std::optional<Place> texts(const Key& key, std::vector<std::string>& out);
  /// As text() and texts(), for those who read in the text.
  std::optional<PlacedText> placed_text(const Key& key, Check check = nullptr);
  std::optional<Place> placed_texts(const Key& key, std::vector<PlacedText>& out);
  /// As placed_texts(), for items: texts that mean the same when others of them are left out, as
  /// those with mistakes are.
  std::optional<Place> text_items(const Key& key, std::vector<PlacedText>& out,
                                  const EntryCheck& check);
  /// One word of a closed set. Case does not count.
  template <ClosedSet E>
  std::optional<Place> choice(const Key& key, E& out);
  /// One word of a closed set, or a list of some. Case does not count.
  template <ClosedSet E>
  std::optional<Place> choices(const Key& key, std::vector<E>& out);
  /// One of some words.
  template <typename E, std::size_t N>
  std::optional<Place> choice(const Key& key, E& out, const std::array<Choice<E>, N>& choices);

  /// `read(Section&)`, which is called for an absent section too: defaults hold in it.
  template <typename Read>
  std::optional<Place> section(const Key& key, Read read);
  /// The same, or a boolean in its place (Key::may_be_boolean). `on` gets what that says, or true
  /// for a section.
  template <typename Read>
  std::optional<Place> boolean_or_section(const Key& key, bool& on, Read read);
  /// A list of sections: `read(Section&, Item&)` for each. Items with mistakes are left out.
  template <typename Item, typename Read>
  std::optional<Place> list(const Key& key, std::vector<Item>& out, Read read);

  /// `read(Section&)` for this section once more, into other variables: what is wrong with it was
  /// found before.
  template <typename Read>
  void read_again(Read read);

  /// Whether the file has the section.
  [[nodiscard]] bool is_there() const { return mapping_ != nullptr; }
  /// A value as it stands in the file, or null.
  [[nodiscard]] const YamlNode* raw(std::string_view key) const;
  /// The same below several keys, which dots separate.
  [[nodiscard]] const YamlNode* raw_path(std::string_view path) const;

  /// Whether the file says something for a key, be it right or wrong.
  [[nodiscard]] bool has(std::string_view key) const;

  /// A key that other sections have and this one cannot: where it stands, it is an error, and in a
  /// file of Butler it is ignored.
  void refuse(std::string_view key, std::string text);
  /// A mistake. A file of Butler goes without the item that it is in, the innermost: an entry of a
  /// list or a destination. There it is a warning that says so; everywhere else, and where no item
  /// is, it is an error.
  void error(Place place, std::string text);
  /// A mistake of the item as well, but one that it survives in a file of Butler, with that
  /// consequence: "the first counts".
  void tolerable(Place place, std::string text, std::string_view consequence);
  /// Whether this is a file of Butler and an item in this section has brought mistakes since there
  /// were so many of them: then it is left out, which counts once.
  [[nodiscard]] bool goes_without(std::size_t mistakes_before);
  void warning(Place place, std::string text);
  void info(Place place, std::string text);
  /// From here on nothing in the section is an error: what is switched off may be a template.
  void switch_off();

  [[nodiscard]] bool is_off() const { return off_; }
  /// The destination that the section configures, for people; empty: none.
  [[nodiscard]] std::string_view destination() const;

  /// Where the section begins.
  [[nodiscard]] Place place() const { return place_; }
  [[nodiscard]] Reading& reading() { return reading_; }
  /// A path that stands at `place`, seen from the folder of its file.
  [[nodiscard]] std::string path_at(Place place, const std::string& path) const;
  /// The same for a file that must be there: the one that the folder's parent has, where the folder
  /// has none. Says so; `key` is the one that names the file.
  [[nodiscard]] std::string file_at(Place place, std::string_view key, const std::string& path);

  /// Butler uses the section for more than we do. Keys of it that we do not know are reported only
  /// where they seem to be slips of the pen.
  void share_with_butler(Shared shared);
  /// An unknown key is an error: without it the section would mean something else.
  void insist_on_keys() { unknown_keys_are_ = Severity::error; }
  /// Last of all: what about keys that were not declared? section() and list() do it themselves.
  void finish();

 private:
  struct Entry {
    const YamlNode* key;
    const YamlNode* value;
  };
  struct Scalar {
    std::string text;
    Place place;
    bool plain;  ///< may mean a boolean or a number
    std::string_view written;

    [[nodiscard]] PlacedText placed() const;
    [[nodiscard]] Spelled spelled() const { return {text, !plain}; }
  };

  void declare(const Key& key, std::string type, std::string fallback, std::string_view unit = {},
               const Allowed& allowed = {});
  [[nodiscard]] std::optional<Entry> find(const Key& key);
  /// Under its name or its alias: which of them the file uses is noted.
  [[nodiscard]] std::optional<Entry> find_by_either_name(const Key& key);
  [[nodiscard]] std::optional<Entry> find(std::string_view name) const;
  void note_difference(const Key& key, Place place);
  /// Reports a type that is not the wanted one; `instead` says what to write.
  [[nodiscard]] bool is(YamlNode::Type wanted, const Entry& entry, std::string_view wanted_in_words,
                        std::string_view instead = {});
  [[nodiscard]] std::optional<Scalar> scalar(const Key& key);
  /// A text without a mistake.
  [[nodiscard]] std::optional<Scalar> checked(const Key& key, Check check);
  /// As a clause that the name of the key begins.
  [[nodiscard]] static std::optional<std::string> find_mistake(const Key& key, const Scalar& value);
  /// Of a list of single values, those that are such.
  [[nodiscard]] std::vector<Scalar> scalars(const Key& key, const Entry& list,
                                            std::string_view wanted_in_words);
  /// `read(Section&, const YamlNode&, Item&)` for each entry of a type; those with mistakes are
  /// left out.
  template <typename Item, typename Read>
  void read_items(const Key& key, const Entry& list, YamlNode::Type wanted,
                  std::string_view wanted_in_words, std::vector<Item>& out, const Read& read);
  /// How a text is written as a section of such a list; else empty.
  [[nodiscard]] static std::string form_of(const Key& key, const YamlNode& node);
  void check_has_entries(const Key& key, const Entry& list);
  [[nodiscard]] bool costs_the_item() const;
  /// What a mistake costs in a file of Butler, as a clause; empty: it is an error.
  [[nodiscard]] std::string cost_of_a_mistake() const;
  /// Whether an entry of `list` has brought no mistakes since there were so many. A file of Butler
  /// goes without one that has.
  [[nodiscard]] bool is_right(const YamlNode& list, std::size_t entry, std::size_t mistakes_before);
  /// The duration that a value means; nothing after a finding.
  [[nodiscard]] std::optional<Duration> duration_in(const Key& key, const Scalar& value,
                                                    DurationRange range);
  void wrong_value(const Key& key, const Scalar& scalar, std::string_view wanted);
  [[nodiscard]] std::optional<std::string> expand(const YamlNode& node);
  [[nodiscard]] std::optional<Scalar> expanded(const YamlNode& node);
  [[nodiscard]] std::optional<std::int64_t> whole_number(const Scalar& scalar, Range range) const;
  [[nodiscard]] std::optional<std::pair<std::int64_t, Place>> number(const Key& key, Range range);
  [[nodiscard]] std::optional<std::pair<std::size_t, Place>> pick(
      const Key& key, std::span<const std::string_view> names, std::string_view all);
  /// The numbers of the names, and where the value stands.
  [[nodiscard]] std::optional<std::pair<std::vector<std::size_t>, Place>> pick_some(
      const Key& key, std::span<const std::string_view> names, std::string_view all);
  [[nodiscard]] std::optional<std::size_t> pick(const Key& key, const Scalar& scalar,
                                                std::span<const std::string_view> names,
                                                std::string_view all);
  [[nodiscard]] Section child(const Key& key, const YamlNode* mapping, Place place,
                              std::string_view suffix = {}) const;
  /// What an unknown key may be meant for, in backticks; else empty.
  [[nodiscard]] std::string meant_by(const std::string& key) const;
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::string path_to(std::string_view key) const;

  Reading& reading_;
  const YamlNode* mapping_;
  Place place_;
  const Section* parent_ = nullptr;
  std::string_view name_;    ///< in the parent
  std::string_view suffix_;  ///< [] of a list's item
  std::string_view destination_;
  std::vector<std::string_view> declared_;
  std::vector<std::string_view> aliases_;  ///< of keys that were declared
  bool off_ = false;
  /// Keys of the sections within, which people write a level too high: their section and they.
  std::vector<std::pair<std::string_view, std::string_view>> nested_;
  Shared shared_ = Shared::nothing;
  Severity unknown_keys_are_ = Severity::warning;
};

template <ClosedSet E>
std::optional<Place> Section::choice(const Key& key, E& out) {
  std::array<Choice<E>, all_values<E>().size()> choices;
  std::ranges::transform(all_values<E>(), choices.begin(),
                         [](E value) { return Choice<E>{to_string(value), value}; });
  return choice(key, out, choices);
}

template <ClosedSet E>
std::optional<Place> Section::choices(const Key& key, std::vector<E>& out) {
  std::array<std::string_view, all_values<E>().size()> names;
  std::ranges::transform(all_values<E>(), names.begin(), [](E value) { return to_string(value); });
  std::string type;
  for (const auto name : names) type.append(type.empty() ? "one of " : ", ").append(name);
  type += ", or a list of these";
  std::string fallback;
  for (const E value : out) fallback.append(fallback.empty() ? "" : ", ").append(to_string(value));
  declare(key, type, fallback, {}, {.choices = names, .list = true});
  const auto picked = pick_some(key, names, type);
  if (!picked) return std::nullopt;
  out.clear();
  for (const auto number : picked->first) out.push_back(all_values<E>()[number]);
  return picked->second;
}

template <typename E, std::size_t N>
std::optional<Place> Section::choice(const Key& key, E& out,
                                     const std::array<Choice<E>, N>& choices) {
  std::array<std::string_view, N> names;
  std::string type;
  std::string_view fallback;
  for (std::size_t i = 0; i < N; i++) {
    names[i] = choices[i].name;
    type.append(i == 0 ? "one of " : ", ").append(choices[i].name);
    if (choices[i].value == out) fallback = choices[i].name;
  }
  declare(key, type, std::string(fallback), {}, {.choices = names});
  const auto picked = pick(key, names, type);
  if (!picked) return std::nullopt;
  out = choices[picked->first].value;
  return picked->second;
}

template <typename Read>
std::optional<Place> Section::section(const Key& key, Read read) {
  declare(key, "section", "");
  auto entry = find(key);
  if (entry && !child(key, nullptr, place_).is(YamlNode::Type::mapping, *entry, "a section"))
    entry.reset();
  if (!entry && !key.same_as.empty()) return std::nullopt;
  auto inner = child(key, entry ? entry->value : nullptr, entry ? entry->key->place : place_);
  read(inner);
  inner.finish();
  for (const auto name : inner.declared_) nested_.emplace_back(key.name, name);
  if (!entry) return std::nullopt;
  return entry->key->place;
}

template <typename Read>
std::optional<Place> Section::boolean_or_section(const Key& key, bool& on, Read read) {
  const auto* value = raw(key.name);
  if (value != nullptr && value->type == YamlNode::Type::scalar) return boolean(key, on);
  const auto place = section(key, read);
  if (place) on = true;
  return place;
}

template <typename Item, typename Read>
std::optional<Place> Section::list(const Key& key, std::vector<Item>& out, Read read) {
  declare(key, "list of sections", "empty");
  if (reading_.known_keys != nullptr) {
    if (!key.same_as.empty()) return std::nullopt;
    auto inner = child(key, nullptr, {}, "[]");
    Item item{};
    read(inner, item);
    return std::nullopt;
  }
  const auto entry = find(key);
  if (!entry || !is(YamlNode::Type::sequence, *entry, "a list", form_of(key, *entry->value)))
    return std::nullopt;
  read_items(key, *entry, YamlNode::Type::mapping, "a list of sections", out,
             [&read](Section& inner, const YamlNode& /*node*/, Item& item) {
               read(inner, item);
               inner.finish();
             });
  return entry->key->place;
}

template <typename Item, typename Read>
void Section::read_items(const Key& key, const Entry& list, YamlNode::Type wanted,
                         std::string_view wanted_in_words, std::vector<Item>& out,
                         const Read& read) {
  check_has_entries(key, list);
  for (std::size_t i = 0; i < list.value->children.size(); i++) {
    const auto* node = list.value->children[i];
    const auto mistakes_before = reading_.mistakes;
    auto inner = child(key, node, node->place, "[]");
    Item item{};
    if (inner.is(wanted, {list.key, node}, wanted_in_words, form_of(key, *node)))
      read(inner, *node, item);
    if (is_right(*list.value, i, mistakes_before)) out.push_back(std::move(item));
  }
}

template <typename Read>
void Section::read_again(Read read) {
  auto found = reading_.findings;
  Reading again{.findings = found,
                .substitution = reading_.substitution,
                .environment = reading_.environment,
                .files_read = reading_.files_read,
                .files = reading_.files};
  Section same(again, mapping_, place_);
  read(same);
}

}  // namespace tocsin::config
