#include "platform/paths.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace tocsin::platform {

std::filesystem::path default_data_directory() {
  // Of a unit of systemd with StateDirectory=; it may list several.
  if (const char* state = std::getenv("STATE_DIRECTORY"); state != nullptr && *state == '/')
    return std::string(state, std::strcspn(state, ":"));
  if (geteuid() == 0) return "/var/lib/tocsin";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return std::filesystem::path(state) / "tocsin";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return std::filesystem::path(home) / ".local/state/tocsin";
  }
  return "tocsin-data";
}

std::filesystem::path system_configuration() { return "/etc/tocsin/tocsin.yaml"; }

}  // namespace tocsin::platform
