// Durations as people write them: 90s, 5m, 1h30m, 2d, or a whole number of seconds.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tocsin::config {

struct DurationMistake {
  std::size_t column;    ///< 0-based, in bytes of the text
  std::string expected;  ///< a sentence, such as "expected a unit: s, m, h or d"
};

/// Numbers with units that get smaller (d, h, m, s), or one number alone, which is seconds.
[[nodiscard]] std::expected<Duration, DurationMistake> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads as this duration; whole seconds only.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace tocsin::config
