#include "config/section/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/text.h"
#include "config/file/findings.h"

namespace tocsin::config {
namespace {

/// Levenshtein's distance, row by row.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); i++) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); j++) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> known,
                         std::size_t most) {
  constexpr std::size_t kLongestName = 64;
  if (name.size() > kLongestName) return {};
  const auto folded = fold_case(name);
  std::string_view best;
  for (const auto candidate : known) {
    const auto away = distance(folded, fold_case(candidate));
    if (away > most) continue;
    best = candidate;
    if (away == 0) break;
    most = away - 1;
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
  const auto meant = nearest(name, known, std::max<std::size_t>(2, name.size() / 3));
  return meant.empty() ? "" : "; did you mean " + in_backticks(meant) + "?";
}

}  // namespace tocsin::config
