// Command lines of Windows: one text that every program splits by itself. Making one is pure, so
// that it is tested everywhere.
#pragma once

#include <string>
#include <vector>

namespace tocsin::platform {

/// The text that CommandLineToArgvW and the C run-time library split into just these words. The
/// first, the program, is quoted always: of an unquoted path of a service with blanks in it,
/// Windows tries each part as a program.
[[nodiscard]] std::string to_command_line(const std::vector<std::string>& words);

/// Windows only: the words of a command line, as every program there splits it.
[[nodiscard]] std::vector<std::string> split_command_line(const wchar_t* line);

}  // namespace tocsin::platform
