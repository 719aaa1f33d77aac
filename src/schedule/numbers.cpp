#include "schedule/numbers.h"

#include <charconv>

namespace tocsin::schedule {
namespace {

/// Larger numbers say nothing: a field has a few hundred values at most.
constexpr unsigned kMost = 1'000'000;

struct Front {
  unsigned number;
  std::errc error;
  std::string_view rest;
};

Front read(std::string_view word) {
  Front front{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), front.number);
  front.error = error;
  if (front.error == std::errc() && front.number > kMost)
    front.error = std::errc::result_out_of_range;
  front.rest = word.substr(static_cast<std::size_t>(end - word.data()));
  return front;
}

bool ends_rank(std::string_view rest) {
  return rest.empty() || rest == "st" || rest == "nd" || rest == "rd" || rest == "th";
}

}  // namespace

std::optional<unsigned> parse_plain_number(std::string_view word) {
  const auto front = read(word);
  if (front.error != std::errc() || !front.rest.empty()) return std::nullopt;
  return front.number;
}

std::optional<unsigned> parse_number(std::string_view word) {
  const auto front = read(word);
  if (front.error != std::errc() || !ends_rank(front.rest)) return std::nullopt;
  return front.number;
}

std::expected<unsigned, std::string> parse_step(std::string_view word, std::string_view otherwise) {
  const auto front = read(word);
  if (front.error == std::errc::invalid_argument) return std::unexpected(std::string(otherwise));
  if (!ends_rank(front.rest))
    return std::unexpected("expected a whole number and then a space, such as `every 30 seconds`");
  if (front.error != std::errc())
    return std::unexpected("expected a number of at most " + std::to_string(kMost));
  if (front.number == 0) return std::unexpected("expected a number of at least 1");
  return front.number;
}

}  // namespace tocsin::schedule
