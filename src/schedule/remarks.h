// What a schedule does that its reader may not expect.
#pragma once

#include <optional>
#include <string>

#include "schedule/definition.h"

namespace tocsin::schedule {

/// On `every`: the step, if one is written, and whether it counts through the whole of its field.
/// Empty where there is nothing to say.
[[nodiscard]] std::string remark_on_step(std::optional<unsigned> step, const FieldFacts& field,
                                         bool is_whole);

}  // namespace tocsin::schedule
