#include "platform/windows.h"

#include <memory>
#include <shellapi.h>

#include "platform/program.h"
#include "platform/wide.h"

namespace tocsin::platform {

std::vector<std::string> arguments(int /*count*/, const char* const* /*values*/) {
  // What main() gets has lost the letters that the code page of the machine lacks.
  int count = 0;
  const std::unique_ptr<wchar_t*, Closer<LocalFree>> words(
      CommandLineToArgvW(GetCommandLineW(), &count));
  std::vector<std::string> out;
  for (int i = 1; words && i < count; i++) out.push_back(narrow(words.get()[i]));
  return out;
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
