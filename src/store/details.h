// What an alert says beyond its columns, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "domain/alert.h"

namespace tocsin::store {

/// All of the alert but its id, time, kind and names, which are columns.
[[nodiscard]] std::string details_to_json(const Alert& alert);

/// Fills in what details_to_json() wrote; what is absent stays as it is. False, and the alert as it
/// was, when the text is not such JSON.
[[nodiscard]] bool details_from_json(std::string_view text, Alert& alert);

}  // namespace tocsin::store
