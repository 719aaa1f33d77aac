#include "platform/windows.h"

#include <array>
#include <iostream>

#include "base/try.h"
#include "platform/os_error.h"
#include "platform/password_prompt.h"
#include "platform/standard_streams.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

Result<std::string> read_unseen(HANDLE console, DWORD mode) {
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

}  // namespace

bool is_typed() {
  DWORD mode = 0;
  return GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &mode) != FALSE;
}

Result<Secret> ask_password(const std::string& account) {
  const auto input = GetStdHandle(STD_INPUT_HANDLE);
  write_to_stderr("password of " + account + ": ");
  std::string line;
  if (DWORD mode = 0; GetConsoleMode(input, &mode) != FALSE) {
    TRY(auto typed, read_unseen(input, mode));
    line = std::move(typed);
  } else {
    std::getline(std::cin, line);
  }
  line.resize(line.find_last_not_of("\r\n") + 1);
  if (line.empty()) return fail(ErrorKind::rejected, "no password was given");
  return Secret(std::move(line));
}

}  // namespace tocsin::platform
