#include "platform/windows.h"

#include <memory>
#include <shellapi.h>

#include "platform/command_line.h"
#include "platform/wide.h"

namespace tocsin::platform {

std::vector<std::string> split_command_line(const wchar_t* line) {
  int count = 0;
  wchar_t** words = CommandLineToArgvW(line, &count);
  const std::unique_ptr<void, Closer<LocalFree>> owner(static_cast<void*>(words));
  std::vector<std::string> out;
  for (int i = 0; words != nullptr && i < count; i++) out.push_back(narrow(words[i]));
  return out;
}

}  // namespace tocsin::platform
