#include "platform/windows.h"

#include <array>

#include "platform/os_error.h"
#include "platform/password_prompt.h"
#include "platform/standard_streams.h"
#include "platform/wide.h"

namespace tocsin::platform {

bool is_typed() {
  DWORD mode = 0;
  return GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &mode) != FALSE;
}

Result<std::string> read_unseen() {
  const auto console = GetStdHandle(STD_INPUT_HANDLE);
  DWORD mode = 0;
  if (GetConsoleMode(console, &mode) == FALSE)
    return fail_windows(GetLastError(), "the password cannot be read");
  SetConsoleMode(console, mode & ~static_cast<DWORD>(ENABLE_ECHO_INPUT));
  std::array<wchar_t, 512> line{};
  DWORD size = 0;
  const auto read = ReadConsoleW(console, line.data(), line.size(), &size, nullptr);
  const auto code = GetLastError();
  SetConsoleMode(console, mode);
  write_to_stderr("\n");
  if (read == FALSE) return fail_windows(code, "the password cannot be read");
  auto text = narrow({line.data(), size});
  SecureZeroMemory(line.data(), sizeof(line));
  return text;
}

}  // namespace tocsin::platform
