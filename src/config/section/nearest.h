// The name that was probably meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tocsin::config {

/// The known name with the fewest letters to insert, delete or replace, at most `most` of them;
/// case does not count. Empty when there is none.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       std::span<const std::string_view> known, std::size_t most);

/// "; did you mean `NAME`?" where a known name is near enough to what was written; else empty.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       std::span<const std::string_view> known);

}  // namespace tocsin::config
