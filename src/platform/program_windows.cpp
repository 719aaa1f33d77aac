#include "platform/windows.h"

#include "platform/command_line.h"
#include "platform/program.h"
#include "platform/wide.h"

namespace tocsin::platform {

std::vector<std::string> arguments(int /*count*/, const char* const* /*values*/) {
  // What main() gets has lost the letters that the code page of the machine lacks.
  return split_command_line(GetCommandLineW());
}

std::optional<std::string> environment_variable(const std::string& name) {
  const auto wide_name = wide(name);
  std::wstring value;
  for (DWORD size = 256;;) {
    value.resize(size);
    SetLastError(ERROR_SUCCESS);
    const auto needed = GetEnvironmentVariableW(wide_name.c_str(), value.data(), size);
    if (needed == 0 && GetLastError() != ERROR_SUCCESS) return std::nullopt;
    if (needed < size) {
      value.resize(needed);
      return narrow(value);
    }
    size = needed;
  }
}

}  // namespace tocsin::platform
