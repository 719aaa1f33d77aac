#include "config/section/duration.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

namespace tocsin::config {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};

/// From large to small: the order in which they may follow each other.
constexpr std::array kUnits = {Unit{'d', 86400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};

/// A hundred years, so that no sum overflows.
constexpr std::int64_t kMostSeconds = 36525LL * 86400;

std::unexpected<DurationMistake> duration_mistake(std::size_t column, std::string expected) {
  return std::unexpected(DurationMistake{column, std::move(expected)});
}

}  // namespace

std::expected<Duration, DurationMistake> parse_duration(std::string_view text) {
  std::int64_t sum = 0;
  std::size_t next_unit = 0;
  for (std::size_t at = 0; at < text.size() || at == 0;) {
    std::int64_t number = 0;
    const auto* begin = text.data() + at;
    const auto parsed = std::from_chars(begin, text.data() + text.size(), number);
    const bool is_number = parsed.ptr != begin && *begin != '-';
    if (!is_number)
      return duration_mistake(at, "expected a duration, such as `90s`, `5m`, `2h` or `1d`");
    if (parsed.ec != std::errc{} || number > kMostSeconds)
      return duration_mistake(at, "expected a smaller number");
    const auto number_at = at;
    at = static_cast<std::size_t>(parsed.ptr - text.data());
    if (at == text.size() && number_at == 0) return std::chrono::seconds(number);

    std::size_t unit = 0;
    while (unit < kUnits.size() && (at == text.size() || kUnits.at(unit).letter != text[at]))
      unit++;
    if (unit == kUnits.size()) return duration_mistake(at, "expected a unit: s, m, h or d");
    if (unit < next_unit)
      return duration_mistake(at, fmt::format("expected a unit smaller than the `{}` before it",
                                              kUnits.at(next_unit - 1).letter));
    next_unit = unit + 1;
    if (number > (kMostSeconds - sum) / kUnits.at(unit).seconds)
      return duration_mistake(number_at, "expected a smaller number");
    sum += number * kUnits.at(unit).seconds;
    at++;
  }
  return std::chrono::seconds(sum);
}

std::string duration_text(Duration duration) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  std::string text;
  for (const auto& unit : kUnits) {
    if (seconds < unit.seconds) continue;
    text += fmt::format("{}{}", seconds / unit.seconds, unit.letter);
    seconds %= unit.seconds;
  }
  return text.empty() ? "0" : text;
}

}  // namespace tocsin::config
