// What the program was given when it was started: its arguments and its environment, as UTF-8.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tocsin::platform {

/// The words after the program's name, from what main() got.
[[nodiscard]] std::vector<std::string> arguments(int count, const char* const* values);

[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

}  // namespace tocsin::platform
