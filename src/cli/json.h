// JSON for programs that read what a command prints, and for the terminal that it may land on.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tocsin::cli {

/// Prints it on stdout. What is_invisible() stands there as \uXXXX; invalid UTF-8 becomes U+FFFD.
void print_json(const nlohmann::ordered_json& json);

}  // namespace tocsin::cli
