#include "schedule/schedule.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <optional>

namespace tocsin {
namespace {

/// Larger steps say nothing: a field has 60 values at most.
constexpr unsigned kMostStep = 1'000'000;

constexpr std::string_view kExample = "such as `every 30 seconds`";

struct Word {
  std::size_t column;
  std::string text;  ///< in lower case; empty at the end
};

/// The words of a text between white space, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  [[nodiscard]] Word peek() const {
    const auto start = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    const auto end = std::min(text_.find_first_of(kSpace, start), text_.size());
    Word word{start, std::string(text_.substr(start, end - start))};
    std::ranges::transform(word.text, word.text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
  }
  void skip() {
    const auto word = peek();
    at_ = word.column + word.text.size();
  }

 private:
  static constexpr std::string_view kSpace = " \t\r\n\f\v";
  std::string_view text_;
  std::size_t at_ = 0;
};

enum class Unit : std::uint8_t { second, minute, hour };

struct UnitFacts {
  Unit unit;
  unsigned field;  ///< how many of them the next larger unit has
  std::string_view name;
  std::string_view larger;
  std::array<std::string_view, 5> words;  ///< as later.js knows them
};

constexpr std::array kUnits = {
    UnitFacts{Unit::second, 60, "second", "minute", {"s", "sec", "secs", "second", "seconds"}},
    UnitFacts{Unit::minute, 60, "minute", "hour", {"m", "min", "mins", "minute", "minutes"}},
    UnitFacts{Unit::hour, 24, "hour", "day", {"h", "hour", "hours", "hour", "hours"}},
};

const UnitFacts* find_unit(std::string_view word) {
  const auto* found = std::ranges::find_if(kUnits, [word](const UnitFacts& unit) {
    return std::ranges::find(unit.words, word) != unit.words.end();
  });
  return found == kUnits.end() ? nullptr : found;
}

/// The number in "5" or "5th", which is one word for later.js too.
std::expected<unsigned, std::string> parse_step(std::string_view word) {
  unsigned step = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), step);
  if (error == std::errc::invalid_argument)
    return std::unexpected("expected a whole number, " + std::string(kExample));
  const auto rest = word.substr(static_cast<std::size_t>(end - word.data()));
  if (!rest.empty() && rest != "st" && rest != "nd" && rest != "rd" && rest != "th")
    return std::unexpected("expected a whole number and then a space, " + std::string(kExample));
  if (error == std::errc::result_out_of_range || step > kMostStep)
    return std::unexpected("expected a number of at most " + std::to_string(kMostStep));
  if (step == 0) return std::unexpected("expected a number of at least 1");
  return step;
}

std::string remark_on(std::optional<unsigned> step, const UnitFacts& unit) {
  const std::string name(unit.name);
  const std::string larger(unit.larger);
  if (!step)
    return "is read as `every 1 " + name + "`; the original reads it as once per " + larger;
  if (*step > unit.field)
    return "is due once per " + larger + ", because steps count within each " + larger;
  if (const auto last = unit.field % *step; last != 0)
    return "starts anew with each " + larger + ", so the last step before it takes " +
           std::to_string(last) + " " + name + (last == 1 ? "" : "s");
  return {};
}

template <std::size_t Size>
std::bitset<Size> multiples(unsigned step) {
  std::bitset<Size> set;
  for (std::size_t i = 0; i < Size; i += step) set.set(i);
  return set;
}

template <std::size_t Size>
bool is_in(const std::bitset<Size>& set, auto duration) {
  return set.test(static_cast<std::size_t>(duration.count()));
}

}  // namespace

Schedule::Schedule() : text_("every 30 seconds") {
  seconds_ = multiples<60>(30);
  minutes_.set();
  hours_.set();
}

std::expected<Schedule, Schedule::Mistake> Schedule::parse(std::string_view text) {
  const auto mistake = [](const Word& at, std::string expected) {
    return std::unexpected(Mistake{at.column, std::move(expected)});
  };
  Words words(text);
  if (const auto word = words.peek(); word.text != "every")
    return mistake(word, "expected `every`, " + std::string(kExample));
  words.skip();

  std::optional<unsigned> step;
  if (const auto word = words.peek(); find_unit(word.text) == nullptr) {
    const auto number = parse_step(word.text);
    if (!number) return mistake(word, number.error());
    step = *number;
    words.skip();
  }

  const auto unit_word = words.peek();
  const auto* unit = find_unit(unit_word.text);
  if (unit == nullptr) return mistake(unit_word, "expected seconds, minutes or hours");
  words.skip();
  if (const auto word = words.peek(); !word.text.empty())
    return mistake(word,
                   "expected the end; this version understands `every N seconds`, "
                   "`every N minutes` and `every N hours`");

  Schedule schedule;
  schedule.text_ = text;
  schedule.remark_ = remark_on(step, *unit);
  const unsigned every = step.value_or(1);
  schedule.seconds_ = unit->unit == Unit::second ? multiples<60>(every) : std::bitset<60>(1);
  if (unit->unit == Unit::minute) schedule.minutes_ = multiples<60>(every);
  if (unit->unit == Unit::hour) {
    schedule.minutes_ = std::bitset<60>(1);
    schedule.hours_ = multiples<24>(every);
  }
  return schedule;
}

Time Schedule::next(Time after) const {
  using std::chrono::floor, std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  // The largest field that does not match moves on first: at most 24 + 60 + 60 steps.
  auto at = floor<seconds>(after) + seconds(1);
  while (true) {
    const std::chrono::hh_mm_ss time(at - floor<std::chrono::days>(at));
    if (!is_in(hours_, time.hours())) {
      at = floor<hours>(at) + hours(1);
    } else if (!is_in(minutes_, time.minutes())) {
      at = floor<minutes>(at) + minutes(1);
    } else if (!is_in(seconds_, time.seconds())) {
      at += seconds(1);
    } else {
      return at;
    }
  }
}

}  // namespace tocsin
