#include "schedule/posix_zone.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace tocsin::schedule {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::minutes, std::chrono::seconds;

/// Takes the parts from the front; a part that is not there makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] bool is_at(char wanted) const { return text_.starts_with(wanted); }
  bool take(char wanted) {
    if (!is_at(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void demand(char wanted) { failed_ |= !take(wanted); }

  unsigned number(unsigned least, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < least || value > most) failed_ = true;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }

  void name() {
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const auto length =
        text_.starts_with('<')
            ? std::min(text_.find('>'), text_.size() - 1) + 1
            : static_cast<std::size_t>(std::ranges::find_if_not(text_, is_letter) - text_.begin());
    failed_ |= length < 3;
    text_.remove_prefix(length);
  }

  /// [+-]hh[:mm[:ss]]
  seconds time() {
    const bool negative = take('-');
    if (!negative) std::ignore = take('+');
    seconds time = hours(number(0, 167));
    if (take(':')) time += minutes(number(0, 59));
    if (take(':')) time += seconds(number(0, 59));
    return negative ? -time : time;
  }

  PosixRule rule() {
    PosixRule rule{.kind = PosixRule::Kind::day_from_zero};
    demand(',');
    if (take('M')) {
      rule.kind = PosixRule::Kind::weekday_of_month;
      rule.month = number(1, 12);
      demand('.');
      rule.number = number(1, 5);
      demand('.');
      rule.weekday = number(0, 6);
    } else if (take('J')) {
      rule.kind = PosixRule::Kind::day_without_leap;
      rule.number = number(1, 365);
    } else {
      rule.number = number(0, 365);
    }
    if (take('/')) rule.time = time();
    return rule;
  }

 private:
  std::string_view text_;
  bool failed_ = false;
};

}  // namespace

std::chrono::local_seconds PosixRule::in(std::chrono::year year) const {
  using namespace std::chrono;
  const local_days first(year / January / 1);
  switch (kind) {
    case Kind::weekday_of_month: {
      const auto month_of_year = year / std::chrono::month(month);
      const std::chrono::weekday day(weekday);
      return (number == 5 ? local_days(month_of_year / day[last])
                          : local_days(month_of_year / day[number])) +
             time;
    }
    case Kind::day_without_leap:
      return first + days(number - (year.is_leap() && number > 59 ? 0 : 1)) + time;
    case Kind::day_from_zero:
      return first + days(number) + time;
  }
  return first;
}

std::vector<TimeZone::Change> PosixZone::changes_in(std::chrono::year year) const {
  if (!saving) return {};
  const auto instant = [year](const PosixRule& rule, seconds offset) {
    return std::chrono::sys_seconds(rule.in(year).time_since_epoch() - offset);
  };
  std::vector<TimeZone::Change> changes = {{instant(saving->begin, standard), saving->offset},
                                           {instant(saving->end, saving->offset), standard}};
  std::ranges::sort(changes, {}, &TimeZone::Change::at);
  return changes;
}

std::optional<PosixZone> parse_posix_zone(std::string_view text) {
  Reader reader(text);
  reader.name();
  PosixZone zone{.standard = -reader.time(), .saving = {}};  // POSIX counts to the west
  if (!reader.at_end() && !reader.failed()) {
    reader.name();
    PosixZone::Saving saving{.offset = zone.standard + hours(1), .begin = {}, .end = {}};
    if (reader.failed()) return std::nullopt;
    if (!reader.is_at(',')) saving.offset = -reader.time();
    saving.begin = reader.rule();
    saving.end = reader.rule();
    zone.saving = saving;
  }
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return zone;
}

}  // namespace tocsin::schedule
