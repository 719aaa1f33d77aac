// later.js' text grammar -> a definition.
#pragma once

#include <string_view>

#include "schedule/definition.h"

namespace tocsin::schedule {

/// "every 5 minutes on monday except at 9:00". docs/schedules.md is the grammar.
[[nodiscard]] Parsed<Definition> parse_text(std::string_view text);

}  // namespace tocsin::schedule
