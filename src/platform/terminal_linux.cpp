#include "platform/terminal.h"

#include <cstdlib>
#include <unistd.h>

namespace tocsin::platform {

Terminal::Terminal() = default;
Terminal::~Terminal() = default;

bool wants_color(Stream stream) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return isatty(stream == Stream::output ? STDOUT_FILENO : STDERR_FILENO) == 1;
}

}  // namespace tocsin::platform
