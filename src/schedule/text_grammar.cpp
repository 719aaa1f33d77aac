#include "schedule/text_grammar.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <optional>
#include <utility>

#include "schedule/numbers.h"
#include "schedule/remarks.h"
#include "schedule/words.h"

namespace tocsin::schedule {
namespace {

constexpr auto kBeginning = "expected `every`, `at` or `on`, such as `every 30 seconds`";
constexpr auto kContinuation =
    "expected the end, or one of `and on at of in after before also except`";
constexpr auto kUnits =
    "expected seconds, minutes, hours, days, weeks, months or years, such as `every 30 seconds`";
constexpr auto kNumber = "expected a whole number, such as `every 30 seconds`";
constexpr auto kRank = "expected a number, such as `5th`";
constexpr auto kTime = "expected a time of day, such as `17:00` or `5:00 pm`";

/// later.js takes some of them only; these are what people write.
constexpr std::array<std::pair<std::string_view, unsigned>, 41> kNames = {{
    {"sun", 1},       {"sunday", 1},  {"mon", 2},      {"monday", 2},   {"tue", 3},
    {"tues", 3},      {"tuesday", 3}, {"wed", 4},      {"wednes", 4},   {"wednesday", 4},
    {"thu", 5},       {"thur", 5},    {"thurs", 5},    {"thursday", 5}, {"fri", 6},
    {"friday", 6},    {"sat", 7},     {"satur", 7},    {"saturday", 7}, {"jan", 1},
    {"january", 1},   {"feb", 2},     {"february", 2}, {"mar", 3},      {"march", 3},
    {"apr", 4},       {"april", 4},   {"may", 5},      {"jun", 6},      {"june", 6},
    {"jul", 7},       {"july", 7},    {"aug", 8},      {"august", 8},   {"sept", 9},
    {"september", 9}, {"oct", 10},    {"october", 10}, {"nov", 11},     {"november", 11},
    {"dec", 12},
}};
constexpr std::size_t kDayNames = 19;

/// Stops at the first mistake: whatever is demanded after it is ignored.
class TextGrammar {
 public:
  explicit TextGrammar(std::string_view text) : words_(text) {}

  Parsed<Definition> parse() {
    if (words_.at_end()) expected(kBeginning);
    while (!mistake_ && !words_.at_end()) part();
    if (!mistake_ && clause().empty()) expected("expected more after this word");
    if (mistake_) return std::unexpected(*std::move(mistake_));
    return std::move(definition_);
  }

 private:
  using Values = std::vector<unsigned>;
  /// A number in the text whose unit comes after it; nothing: the last.
  struct Rank {
    Word word;
    std::optional<unsigned> number;
  };

  void expected(std::string sentence) { expected(words_.peek(), std::move(sentence)); }
  void expected(const Word& at, std::string sentence) {
    if (!mistake_) mistake_ = Mistake{at.column, std::move(sentence)};
  }

  std::vector<Clause>& clauses() {
    return in_exceptions_ ? definition_.exceptions : definition_.schedules;
  }
  Clause& clause() {
    if (clauses().empty()) clauses().emplace_back();
    return clauses().back();
  }
  void begin_clause() {
    if (clause().empty()) return expected("expected a time before this word");
    words_.skip();
    if (clauses().size() == kMostClauses)
      return expected("expected the end: there are too many parts");
    clauses().emplace_back();
  }

  void add(Field field, const Values& values) {
    const auto found = std::ranges::find_if(clause(), [field](const Constraint& constraint) {
      return constraint.field == field && constraint.relation == Relation::in;
    });
    auto& all = found != clause().end()
                    ? found->values
                    : clause().emplace_back(field, Relation::in, Values()).values;
    all.insert(all.end(), values.begin(), values.end());
    std::ranges::sort(all);
    const auto same = std::ranges::unique(all);
    all.erase(same.begin(), same.end());
  }

  void part() {
    const bool first = definition_.schedules.empty() && !in_exceptions_;
    if (words_.take({"every"})) {
      every();
    } else if (words_.is_at({"after"}) || words_.is_at({"before"})) {
      limit();
    } else if (words_.take({"on", "the"})) {
      on_the();
    } else if (words_.take({"on"})) {
      on_days();
    } else if (words_.take({"of"})) {
      names(Field::month, "expected a month, such as `january`");
    } else if (words_.take({"in"})) {
      in_years();
    } else if (words_.take_one_of({"at", "@"})) {
      at_times();
    } else if (words_.is_at({"also"})) {
      begin_clause();
    } else if (words_.is_at({"except"})) {
      if (!in_exceptions_) {
        if (clause().empty()) return expected("expected a time before this word");
        words_.skip();
        in_exceptions_ = true;
      } else {
        begin_clause();
      }
    } else if (!first && words_.take_one_of({"and", ","})) {
      if (words_.at_end()) expected("expected more after this word");
    } else {
      expected(first ? kBeginning : kContinuation);
    }
  }

  // --- numbers and units

  std::optional<unsigned> number(const Word& word, const FieldFacts& field) {
    const auto parsed = parse_number(word.text);
    if (!parsed || *parsed < field.least || *parsed > field.limit) {
      expected(word, "expected a number from " + std::to_string(field.least) + " to " +
                         std::to_string(field.limit));
      return std::nullopt;
    }
    return parsed;
  }

  std::optional<unsigned> take_number(const FieldFacts& field) {
    const auto word = words_.peek();
    words_.skip();
    return number(word, field);
  }

  [[nodiscard]] bool is_at_number() const {
    const auto& text = words_.peek().text;
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
  }

  /// Takes nothing where there is none.
  std::optional<Field> take_unit() {
    if (words_.take_one_of({"s", "sec", "secs", "second", "seconds"})) return Field::second;
    if (words_.take_one_of({"m", "min", "mins", "minute", "minutes"})) return Field::minute;
    if (words_.take_one_of({"h", "hour", "hours"})) return Field::hour;
    if (words_.take_one_of({"month", "months"})) return Field::month;
    if (words_.take_one_of({"year", "years"})) return Field::year;
    if (words_.take_one_of({"week", "weeks"})) {
      if (words_.take({"of", "the", "month"})) return Field::week_of_month;
      words_.take({"of", "the", "year"});
      return Field::week_of_year;
    }
    if (words_.take_one_of({"day", "days"})) {
      if (words_.take_one_of({"instance", "instances"})) return Field::day_instance;
      if (words_.take({"of", "the", "year"})) return Field::day_of_year;
      if (words_.take({"of", "the", "week"})) return Field::day_of_week;
      words_.take({"of", "the", "month"});
      return Field::day_of_month;
    }
    return std::nullopt;
  }

  // --- every

  void every() {
    if (words_.take_one_of({"weekend", "weekends"})) return add(Field::day_of_week, {1, 7});
    if (words_.take_one_of({"weekday", "weekdays"}))
      return add(Field::day_of_week, {2, 3, 4, 5, 6});
    std::optional<unsigned> step;
    const auto step_word = words_.peek();
    auto unit = take_unit();
    if (!unit) {
      const auto parsed = parse_step(step_word.text, kNumber);
      if (!parsed) return expected(step_word, parsed.error());
      step = *parsed;
      words_.skip();
      unit = take_unit();
      if (!unit) return expected(kUnits);
    }
    const auto& field = facts(*unit);
    unsigned from = field.least;
    unsigned to = field.most;
    const bool is_whole = !limits(field, from, to);
    if (mistake_) return;
    if (definition_.remark.empty()) definition_.remark = remark_on_step(step, field, is_whole);
    Values values;
    for (unsigned value = from; value <= to; value += step.value_or(1)) values.push_back(value);
    add(*unit, values);
  }

  /// `starting on the 5th minute`, `between the 5th and 10th`; whether there is such a thing.
  bool limits(const FieldFacts& field, unsigned& from, unsigned& to) {
    const bool starts = words_.take_one_of({"start", "starting"});
    if (starts) {
      words_.take_one_of({"at", "on"});
    } else if (!words_.take({"between"})) {
      return false;
    }
    words_.take({"the"});
    from = take_number(field).value_or(from);
    if (!starts) {
      if (!words_.take({"and"})) expected("expected `and` and a number");
      words_.take({"the"});
      const auto word = words_.peek();
      to = take_number(field).value_or(to);
      if (to < from) expected(word, "expected a number of at least " + std::to_string(from));
    }
    const auto word = words_.peek();
    if (const auto unit = take_unit(); unit && *unit != field.field)
      expected(word, "expected what `every` counts: " + std::string(field.name) + "s");
    return true;
  }

  // --- lists

  /// Reads `one`, and more of them after `and` and commas while `more` says that one follows.
  void list(const std::function<void()>& one, const std::function<bool()>& more) {
    one();
    while (!mistake_ && (words_.is_at({"and"}) || words_.is_at({","}))) {
      const auto before = words_;
      words_.skip();
      if (!more()) {
        words_ = before;  // the next part of the schedule
        return;
      }
      one();
    }
  }

  bool take_through() { return words_.take_one_of({"through", "to", "-"}); }

  Rank take_rank() {
    Rank rank{words_.peek(), 1};
    if (words_.take({"last"})) {
      rank.number.reset();
    } else if (words_.take({"first"})) {
      rank.word.text = "first";
    } else if (is_at_number()) {
      words_.skip();
    } else {
      expected(kRank);
    }
    return rank;
  }

  unsigned value_of(const Rank& rank, const FieldFacts& field) {
    if (!rank.number) return field.has_last ? kLast : field.most;
    if (rank.word.text == "first") return field.least;
    return number(rank.word, field).value_or(field.least);
  }

  void on_the() {
    std::vector<std::pair<Rank, std::optional<Rank>>> ranks;
    list(
        [&] {
          auto first = take_rank();
          std::optional<Rank> last;
          if (!mistake_ && take_through()) last = take_rank();
          ranks.emplace_back(std::move(first), std::move(last));
        },
        [&] { return is_at_number() || words_.is_at({"first"}) || words_.is_at({"last"}); });
    if (mistake_) return;
    const auto unit = take_unit();
    if (!unit) return expected(kUnits);
    const auto& field = facts(*unit);
    Values values;
    for (const auto& [first, last] : ranks) {
      const auto from = value_of(first, field);
      if (!last) {
        values.push_back(from);
        continue;
      }
      if (!first.number) return expected(last->word, "expected nothing after the last");
      const auto to = last->number ? value_of(*last, field) : field.most;
      add_range(values, from, to, last->word);
    }
    if (!mistake_) add(*unit, values);
  }

  void add_range(Values& values, unsigned from, unsigned to, const Word& last) {
    if (to < from) expected(last, "expected what comes after the beginning of the range");
    for (unsigned value = from; !mistake_ && value <= to; value++) values.push_back(value);
  }

  std::optional<unsigned> take_name(Field field) {
    const auto begin = kNames.begin() + (field == Field::month ? kDayNames : 0);
    const auto end = field == Field::month ? kNames.end() : kNames.begin() + kDayNames;
    const auto found = std::find_if(
        begin, end, [&](const auto& name) { return name.first == words_.peek().text; });
    if (found == end) return std::nullopt;
    words_.skip();
    return found->second;
  }

  void names(Field field, const char* sentence) {
    Values values;
    list(
        [&] {
          const auto from = take_name(field);
          if (!from) return expected(sentence);
          auto to = from;
          const auto through = take_through();
          const auto word = words_.peek();
          if (through) to = take_name(field);
          if (!to) return expected(sentence);
          add_range(values, *from, *to, word);
        },
        [&] {
          const auto before = words_;
          const bool is_name = take_name(field).has_value();
          words_ = before;
          return is_name;
        });
    if (!mistake_) add(field, values);
  }

  void on_days() {
    if (words_.take_one_of({"weekend", "weekends"})) return add(Field::day_of_week, {1, 7});
    if (words_.take_one_of({"weekday", "weekdays"}))
      return add(Field::day_of_week, {2, 3, 4, 5, 6});
    names(Field::day_of_week, "expected `the` or a day of the week, such as `monday`");
  }

  void in_years() {
    if (!is_at_number()) return names(Field::month, "expected a year, such as `2030`");
    const auto& field = facts(Field::year);
    Values values;
    list(
        [&] {
          const auto from = take_number(field);
          auto to = from;
          const auto through = take_through();
          const auto word = words_.peek();
          if (through) to = take_number(field);
          if (from && to) add_range(values, *from, *to, word);
        },
        [&] { return is_at_number(); });
    if (!mistake_) add(Field::year, values);
  }

  // --- times of day

  [[nodiscard]] bool is_at_time() const { return is_at_number() && words_.peek(1).text == ":"; }

  unsigned take_time() {
    if (!is_at_time()) {
      expected(kTime);
      return 0;
    }
    const auto hour_word = words_.peek();
    const auto minute_word = words_.peek(2);
    words_.skip(3);
    auto minute_text = std::string_view(minute_word.text);
    std::string half(minute_text.size() == 4 ? minute_text.substr(2) : "");
    if (half.empty() && (words_.is_at({"am"}) || words_.is_at({"pm"}))) {
      half = words_.peek().text;
      words_.skip();
    }
    const bool has_half = half == "am" || half == "pm";
    if (has_half && minute_text.size() == 4) minute_text.remove_suffix(2);

    const auto hour = parse_plain_number(hour_word.text);
    const auto minute = parse_plain_number(minute_text);
    if (has_half && (!hour || *hour < 1 || *hour > 12)) {
      expected(hour_word, "expected an hour from 1 to 12");
    } else if (!hour || *hour > 23) {
      expected(hour_word, "expected an hour from 0 to 23");
    } else if (!minute || minute_text.size() != 2 || *minute > 59) {
      expected(minute_word, "expected minutes from 00 to 59, and then `am`, `pm` or a space");
    }
    if (mistake_) return 0;
    const unsigned hours = has_half ? *hour % 12 + (half == "pm" ? 12 : 0) : *hour;
    return hours * 3600 + *minute * 60;
  }

  void at_times() {
    Values values;
    list([&] { values.push_back(take_time()); }, [&] { return is_at_time(); });
    if (!mistake_) add(Field::time_of_day, values);
  }

  /// `after 9:00`, `before 20th hour`
  void limit() {
    const auto word = words_.peek();
    words_.skip();
    words_.take({"the"});
    Constraint constraint{.field = Field::time_of_day,
                          .relation = word.text == "after" ? Relation::from : Relation::before,
                          .values = {}};
    if (is_at_time()) {
      constraint.values = {take_time()};
    } else {
      if (!is_at_number())
        return expected("expected a time of day or a number with its unit, such as `after 17:00`");
      const auto rank = take_rank();
      const auto unit = take_unit();
      if (!unit) return expected(kUnits);
      constraint.field = *unit;
      constraint.values = {value_of(rank, facts(*unit))};
    }
    const bool twice = std::ranges::any_of(clause(), [&](const Constraint& other) {
      return other.field == constraint.field && other.relation == constraint.relation;
    });
    if (twice) return expected(word, "expected `" + word.text + "` once for each unit, or `also`");
    if (!mistake_) clause().push_back(std::move(constraint));
  }

  Words words_;
  Definition definition_;
  std::optional<Mistake> mistake_;
  bool in_exceptions_ = false;
};

}  // namespace

Parsed<Definition> parse_text(std::string_view text) { return TextGrammar(text).parse(); }

}  // namespace tocsin::schedule
