#include "platform/windows.h"

#include <array>

#include "platform/program.h"
#include "platform/terminal.h"

namespace tocsin::platform {
namespace {

constexpr std::array kStreams = {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

/// How the console was; 0: not changed. Of the process, as the console is.
struct Before {
  UINT code_page = 0;
  std::array<DWORD, kStreams.size()> modes{};
};
Before before;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

void restore() {
  if (before.code_page != 0) SetConsoleOutputCP(before.code_page);
  for (std::size_t i = 0; i < kStreams.size(); i++) {
    if (before.modes.at(i) != 0) SetConsoleMode(GetStdHandle(kStreams.at(i)), before.modes.at(i));
  }
  before = {};
}

/// The last of our handlers to be asked: the next one is Windows' own, which ends the process.
BOOL WINAPI restore_before_the_end(DWORD /*event*/) {
  restore();
  return FALSE;
}

}  // namespace

Terminal::Terminal() {
  for (std::size_t i = 0; i < kStreams.size(); i++) {
    const auto handle = GetStdHandle(kStreams.at(i));
    DWORD mode = 0;
    if (GetConsoleMode(handle, &mode) == FALSE || mode == 0) continue;  // no console
    if (before.code_page == 0) before.code_page = GetConsoleOutputCP();
    if (SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != FALSE)
      before.modes.at(i) = mode;
  }
  if (before.code_page == 0) return;
  SetConsoleOutputCP(CP_UTF8);
  SetConsoleCtrlHandler(restore_before_the_end, TRUE);
}

Terminal::~Terminal() {
  SetConsoleCtrlHandler(restore_before_the_end, FALSE);
  restore();
}

bool wants_color(Stream stream) {
  if (const auto no_color = environment_variable("NO_COLOR"); no_color && !no_color->empty())
    return false;
  DWORD mode = 0;
  const auto handle = GetStdHandle(stream == Stream::output ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
  return GetConsoleMode(handle, &mode) != FALSE && (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

}  // namespace tocsin::platform
