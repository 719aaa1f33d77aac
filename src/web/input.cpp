#include "web/input.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin::web {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes so many digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int number = 0;
  const auto part = text.substr(0, digits);
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
  if (part.size() != digits || error != std::errc() || end != part.data() + digits || number < 0)
    return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || !any_of.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

/// Numbers of two digits with a separator before each but the first.
std::optional<std::array<int, 3>> take_clock(std::string_view& text, std::size_t parts) {
  std::array<int, 3> numbers{};
  constexpr std::array kMost{23, 59, 60};
  for (std::size_t i = 0; i < parts; i++) {
    if (i > 0 && !take(text, ":")) return std::nullopt;
    const auto number = take_number(text, 2);
    if (!number || *number > kMost.at(i)) return std::nullopt;
    numbers.at(i) = *number;
  }
  return numbers;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  constexpr std::size_t kDigitsOfYear = 4;
  const auto year = take_number(text, kDigitsOfYear);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// Milliseconds; what is finer is left out.
std::optional<Duration> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return Duration(0);
  std::int64_t thousandths = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) thousandths = thousandths * 10 + (text.front() - '0');
    digits++;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; digits++) thousandths *= 10;
  return Duration(thousandths);
}

/// What is to be taken off for UTC.
std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return Duration(0);
  const bool is_west = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const auto offset = take_clock(text, 2);
  if (!offset) return std::nullopt;
  const Duration east = hours((*offset)[0]) + minutes((*offset)[1]);
  return is_west ? -east : east;
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, "Tt ")) return std::nullopt;
  const auto clock = take_clock(text, 3);
  if (!clock) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return Time(*date) + hours((*clock)[0]) + minutes((*clock)[1]) + seconds((*clock)[2]) +
         *fraction - *offset;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

std::optional<Response> Input::mistake() const {
  if (mistake_.empty()) return std::nullopt;
  return problem(400, mistake_);
}

void Input::complain(std::string_view name, std::string_view what) {
  if (mistake_.empty()) mistake_ = fmt::format("`{}` {}", printable(name, 64), what);
}

std::string Query::text(std::string_view name, std::size_t most) {
  const auto value = call_.query(name).value_or("");
  if (value.size() > most) complain(name, fmt::format("must have at most {} bytes", most));
  return std::string(value);
}

std::string Query::needed_text(std::string_view name, std::size_t most) {
  auto value = text(name, most);
  if (value.empty()) complain(name, "is missing");
  return value;
}

std::int64_t Query::number(std::string_view name, std::int64_t least, std::int64_t most,
                           std::int64_t fallback) {
  const auto value = call_.query(name);
  if (!value) return fallback;
  const auto number = *value == "0" ? std::optional<std::int64_t>(0) : parse_number(*value);
  if (number && *number >= least && *number <= most) return *number;
  complain(name, fmt::format("must be a whole number from {} to {}", least, most));
  return fallback;
}

std::optional<Time> Query::time(std::string_view name) {
  const auto value = call_.query(name);
  if (!value) return std::nullopt;
  const auto time = parse_time(*value);
  if (!time) complain(name, "must be a time such as `2026-11-25T19:02:03Z`");
  return time;
}

bool Query::flag(std::string_view name) {
  const auto value = call_.query(name).value_or("false");
  if (value != "true" && value != "false") complain(name, "must be `true` or `false`");
  return value == "true";
}

std::optional<std::int64_t> Query::cursor(std::string_view name) {
  const auto value = call_.query(name);
  if (!value) return std::nullopt;
  const auto number = parse_number(*value);
  if (!number) complain(name, "is none that a page has named");
  return number;
}

Body::Body(const Call& call)
    : object_(std::make_unique<const nlohmann::json>(
          nlohmann::json::parse(call.request.body, nullptr, false))) {
  if (!object_->is_object()) complain("body", "must be a JSON object");
}

Body::~Body() = default;

const nlohmann::json* Body::find(std::string_view name) {
  read_.push_back(name);
  if (!object_->is_object()) return nullptr;
  const auto found = object_->find(std::string(name));
  if (found != object_->end()) return &*found;
  complain(name, "is missing");
  return nullptr;
}

std::string Body::text(std::string_view name, std::size_t least, std::size_t most) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    complain(name, "must be a text");
    return {};
  }
  auto text = value->get<std::string>();
  if (text.size() < least) complain(name, "must not be empty");
  if (text.size() > most) complain(name, fmt::format("must have at most {} bytes", most));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(text, is_control)) complain(name, "must have no control characters");
  return text;
}

std::int64_t Body::number(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr) return least;
  if (value->is_number_integer()) {
    const auto number = value->get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  complain(name, fmt::format("must be a whole number from {} to {}", least, most));
  return least;
}

Time Body::time(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const auto time =
      value->is_string() ? parse_time(value->get_ref<const std::string&>()) : std::nullopt;
  if (!time) complain(name, "must be a time such as `2026-11-25T19:02:03Z`");
  return time.value_or(Time{});
}

bool Body::flag(std::string_view name) {
  if (!object_->is_object() || !object_->contains(std::string(name))) return false;
  const auto* value = find(name);
  if (!value->is_boolean()) complain(name, "must be true or false");
  return value->is_boolean() && value->get<bool>();
}

void Body::finish() {
  if (!object_->is_object()) return;
  for (const auto& [key, value] : object_->items()) {
    if (!std::ranges::any_of(read_, [&key](auto name) { return name == key; }))
      complain(key, "is not known here");
  }
}

}  // namespace tocsin::web
