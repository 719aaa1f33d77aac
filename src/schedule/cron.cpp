#include "schedule/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/try.h"
#include "schedule/numbers.h"
#include "schedule/words.h"

namespace tocsin::schedule {
namespace {

/// A part of the text, in upper case.
struct Item {
  std::size_t column;
  std::string text;

  [[nodiscard]] Item from(std::size_t position) const {
    return {column + position, text.substr(position)};
  }
  [[nodiscard]] Item to(std::size_t position) const { return {column, text.substr(0, position)}; }
};

std::vector<Item> split(const Item& whole, std::string_view separators) {
  std::vector<Item> items;
  for (std::size_t begin = 0;;) {
    const auto end = std::min(whole.text.find_first_of(separators, begin), whole.text.size());
    items.push_back(whole.from(begin).to(end - begin));
    if (end == whole.text.size()) return items;
    begin = end + 1;
  }
}

std::vector<Item> words_of(std::string_view text) {
  Item whole{0, std::string(text)};
  std::ranges::transform(whole.text, whole.text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  auto words = split(whole, kSpace);
  std::erase_if(words, [](const Item& word) { return word.text.empty(); });
  return words;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kShortcuts = {{
    {"@YEARLY", "0 0 1 1 *"},
    {"@ANNUALLY", "0 0 1 1 *"},
    {"@MONTHLY", "0 0 1 * *"},
    {"@WEEKLY", "0 0 * * 0"},
    {"@DAILY", "0 0 * * *"},
    {"@HOURLY", "0 * * * *"},
}};

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kDays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

constexpr std::array kFieldsOfCron = {Field::second,       Field::minute, Field::hour,
                                      Field::day_of_month, Field::month,  Field::day_of_week,
                                      Field::year};

/// What cron writes: days of the week from 0, and Sunday as 7 too.
struct Span {
  unsigned least;
  unsigned most;
};

Span span_of(Field field) {
  if (field == Field::day_of_week) return {0, 7};
  return {facts(field).least, facts(field).limit};
}

unsigned to_value(Field field, unsigned written) {
  return field == Field::day_of_week ? written % 7 + 1 : written;
}

template <std::size_t Size>
std::optional<unsigned> find_name(const std::array<std::string_view, Size>& names,
                                  std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin());
}

std::unexpected<Mistake> expected(const Item& at, std::string sentence) {
  return std::unexpected(Mistake{at.column, std::move(sentence)});
}

std::optional<unsigned> written_value(Field field, std::string_view text) {
  if (field == Field::month) {
    if (const auto month = find_name(kMonths, text)) return *month + 1;
  }
  if (field == Field::day_of_week) {
    if (const auto day = find_name(kDays, text)) return day;
  }
  return parse_plain_number(text);
}

Parsed<unsigned> parse_value(Field field, const Item& item) {
  const auto [least, most] = span_of(field);
  const auto value = written_value(field, item.text);
  if (value && *value >= least && *value <= most) return *value;
  std::string sentence =
      "expected a number from " + std::to_string(least) + " to " + std::to_string(most);
  if (field == Field::month) sentence += " or a name such as JAN";
  if (field == Field::day_of_week) sentence += " or a name such as MON";
  return expected(item, sentence + ", for the " + std::string(facts(field).name));
}

/// "*", "5", "1-5", each with "/2" or without.
Parsed<std::vector<unsigned>> parse_range(Field field, const Item& item) {
  const auto slash = item.text.find('/');
  const auto range = item.to(slash);
  unsigned step = 1;
  if (slash != item.text.npos) {
    const auto steps = item.from(slash + 1);
    const auto parsed = parse_plain_number(steps.text);
    if (!parsed || *parsed == 0) return expected(steps, "expected a step of at least 1");
    step = *parsed;
  }
  auto [from, to] = span_of(field);
  if (field == Field::day_of_week) to = 6;
  if (range.text != "*") {
    const auto hyphen = range.text.find('-');
    TRY(const auto first, parse_value(field, range.to(hyphen)));
    from = first;
    if (hyphen != range.text.npos) {
      const auto end = range.from(hyphen + 1);
      TRY(const auto last, parse_value(field, end));
      to = last == 0 && field == Field::day_of_week ? 7 : last;
      if (to < from) return expected(end, "expected the end of a range that begins before it");
    } else if (slash == item.text.npos) {
      to = from;
    }
  }
  std::vector<unsigned> values;
  for (unsigned written = from; written <= to; written += step)
    values.push_back(to_value(field, written));
  std::ranges::sort(values);
  return values;
}

Constraint in(Field field, std::vector<unsigned> values) {
  std::ranges::sort(values);
  const auto same = std::ranges::unique(values);
  values.erase(same.begin(), same.end());
  return {.field = field, .relation = Relation::in, .values = std::move(values)};
}

/// The weekday that is nearest to a day of the month and in the same month: the day itself, the
/// Friday before a Saturday, the Monday after a Sunday.
std::vector<Clause> nearest_weekday(unsigned day) {
  std::vector<Clause> clauses = {
      {in(Field::day_of_month, {day}), in(Field::day_of_week, {2, 3, 4, 5, 6})}};
  if (day == 1) {
    clauses.push_back({in(Field::day_of_month, {2, 3}), in(Field::day_of_week, {2})});
    return clauses;
  }
  clauses.push_back({in(Field::day_of_month, {day - 1}), in(Field::day_of_week, {6})});
  if (day < facts(Field::day_of_month).limit)
    clauses.push_back({in(Field::day_of_month, {day + 1}), in(Field::day_of_week, {2})});
  return clauses;
}

bool says_nothing(const Item& field) { return field.text == "*" || field.text == "?"; }

/// Adds what the field says as alternatives, or to `plain`, its list of values.
Parsed<std::vector<Clause>> parse_special(Field field, const Item& item,
                                          std::vector<unsigned>& plain) {
  const auto& text = item.text;
  if (field == Field::day_of_month && text == "L") {
    plain.push_back(kLast);
    return {};
  }
  if (field == Field::day_of_month && text.ends_with('W')) {
    TRY(const auto day, parse_value(field, item.to(text.size() - 1)));
    return nearest_weekday(day);
  }
  if (field == Field::day_of_week && text.ends_with('L')) {
    TRY(const auto day, parse_value(field, item.to(text.size() - 1)));
    return std::vector<Clause>{
        {in(field, {to_value(field, day)}), in(Field::day_instance, {kLast})}};
  }
  if (const auto hash = text.find('#'); field == Field::day_of_week && hash != text.npos) {
    TRY(const auto day, parse_value(field, item.to(hash)));
    const auto which = item.from(hash + 1);
    const auto count = parse_plain_number(which.text);
    if (!count || *count < 1 || *count > 5)
      return expected(which, "expected a number from 1 to 5: which of the month's such days");
    return std::vector<Clause>{
        {in(field, {to_value(field, day)}), in(Field::day_instance, {*count})}};
  }
  TRY(auto values, parse_range(field, item));
  plain.insert(plain.end(), values.begin(), values.end());
  return {};
}

/// What one field says, as alternatives: none where it says nothing.
Parsed<std::vector<Clause>> parse_field(Field field, const Item& text) {
  std::vector<Clause> alternatives;
  if (says_nothing(text)) return alternatives;
  std::vector<unsigned> plain;
  for (const auto& item : split(text, ",")) {
    auto special = parse_special(field, item, plain);
    if (!special) return special;
    std::ranges::move(*special, std::back_inserter(alternatives));
  }
  if (!plain.empty()) alternatives.insert(alternatives.begin(), {in(field, std::move(plain))});
  return alternatives;
}

/// Each of the one with each of the other.
std::vector<Clause> combine(const std::vector<Clause>& left, const std::vector<Clause>& right) {
  if (right.empty()) return left;
  std::vector<Clause> both;
  for (const auto& one : left) {
    for (const auto& other : right) {
      both.push_back(one);
      both.back().insert(both.back().end(), other.begin(), other.end());
    }
  }
  return both;
}

std::string remark_on_seconds(const Clause& clause) {
  std::string_view due = "day";
  for (const auto& constraint : clause) {
    if (constraint.field == Field::hour) due = "hour";
    if (constraint.field == Field::minute) due = "minute";
  }
  for (const auto& constraint : clause) {
    if (constraint.field == Field::minute) due = "minute";
  }
  return "is due once per " + std::string(due) +
         ": a `*` for the seconds does not mean each second";
}

}  // namespace

bool looks_like_cron(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return false;
  const auto first = static_cast<unsigned char>(words[0].text[0]);
  if (first == '@')
    return words[0].text.size() > 1 && std::isalpha(static_cast<unsigned char>(words[0].text[1]));
  return words.size() >= 5 && (std::isdigit(first) != 0 || first == '*' || first == '?');
}

Parsed<Definition> parse_cron(std::string_view text) {
  auto words = words_of(text);
  const auto* shortcut = std::ranges::find(kShortcuts, std::string_view(words[0].text),
                                           &decltype(kShortcuts)::value_type::first);
  if (shortcut != kShortcuts.end()) {
    if (words.size() > 1) return expected(words[1], "expected the end");
    words = words_of(shortcut->second);
  } else if (words[0].text[0] == '@') {
    return expected(words[0], "expected one of @yearly @monthly @weekly @daily @hourly");
  }
  if (words.size() > kFieldsOfCron.size())
    return expected(
        words[kFieldsOfCron.size()],
        "expected the end: `second minute hour day month weekday year` are all the fields");
  const bool has_seconds = words.size() > 5;
  if (!has_seconds) words.insert(words.begin(), Item{0, "0"});

  std::vector<Clause> clauses = {{}};
  for (std::size_t i = 0; i < words.size(); i++) {
    TRY(const auto alternatives, parse_field(kFieldsOfCron.at(i), words[i]));
    if (i == 5 && words[3].text.contains('W') && !says_nothing(words[i]))
      return expected(words[i], "expected `*` or `?`, because the day of the month has a W");
    clauses = combine(clauses, alternatives);
  }
  Definition definition{.schedules = std::move(clauses), .exceptions = {}};
  auto& first = definition.schedules[0];
  if (first.empty()) {
    std::vector<unsigned> all(60);
    for (unsigned second = 0; second < all.size(); second++) all[second] = second;
    first.push_back(in(Field::second, std::move(all)));
  } else if (has_seconds && says_nothing(words[0])) {
    definition.remark = remark_on_seconds(first);
  }
  return definition;
}

}  // namespace tocsin::schedule
