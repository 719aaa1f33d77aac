// Command lines of Windows: one text that every program splits by itself. Pure, so that it is
// tested everywhere.
#pragma once

#include <string>
#include <vector>

namespace tocsin::platform {

/// The text that CommandLineToArgvW and the C run-time library split into just these words. The
/// first, the program, is quoted always: of an unquoted path of a service with blanks in it,
/// Windows tries each part as a program.
[[nodiscard]] std::string to_command_line(const std::vector<std::string>& words);

}  // namespace tocsin::platform
