// What the program was given when it was started: its arguments and its environment, as UTF-8.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tocsin::platform {

/// The words of the command line, from what main() got: the first is the program, as it was called.
[[nodiscard]] std::vector<std::string> arguments(int count, const char* const* values);

[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

}  // namespace tocsin::platform
