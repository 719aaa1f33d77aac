// Patterns of names: '*' any characters, '?' one character, case as Windows compares it.
#pragma once

#include <string_view>

namespace tocsin {

[[nodiscard]] bool has_wildcard(std::string_view pattern);

/// Both already folded (text.h, fold_case). Linear in time but for backtracking over one '*'.
[[nodiscard]] bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace tocsin
