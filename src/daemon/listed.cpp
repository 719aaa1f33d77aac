#include "daemon/listed.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace tocsin::daemon {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 10;
  const auto named = std::min(names.size(), kMostNamed);
  auto text = fmt::format(
      "{}",
      fmt::join(names.begin(), std::next(names.begin(), static_cast<std::ptrdiff_t>(named)), ", "));
  if (names.size() > named) text += fmt::format(" and {} more", names.size() - named);
  return text;
}

}  // namespace tocsin::daemon
