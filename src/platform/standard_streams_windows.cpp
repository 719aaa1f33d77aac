#include "platform/windows.h"

#include <algorithm>

#include "platform/standard_streams.h"

namespace tocsin::platform {

void prepare_standard_streams() {}  // no signal ends a writer, and no handle takes another's place

bool write_to_stderr(std::string_view text) {
  constexpr std::size_t kMost = 32'000;  // a console takes no more at once
  const auto stream = GetStdHandle(STD_ERROR_HANDLE);
  while (!text.empty()) {
    DWORD count = 0;
    const auto size = static_cast<DWORD>(std::min(text.size(), kMost));
    if (WriteFile(stream, text.data(), size, &count, nullptr) == FALSE || count == 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

}  // namespace tocsin::platform
