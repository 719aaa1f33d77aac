// Cron expressions -> a definition.
#pragma once

#include <string_view>

#include "schedule/definition.h"

namespace tocsin::schedule {

/// Whether it is to be read as one: five words or more of which the first begins with a digit, `*`
/// or `?`, or one that begins with an @.
[[nodiscard]] bool looks_like_cron(std::string_view text);

/// "[second] minute hour day-of-month month day-of-week"; after seven fields with a second, the
/// last is a year. What holds is what later.js makes of it: days of the month and of the week must
/// hold both.
[[nodiscard]] Parsed<Definition> parse_cron(std::string_view text);

}  // namespace tocsin::schedule
