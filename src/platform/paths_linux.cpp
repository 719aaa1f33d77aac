#include "platform/paths.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
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

std::string_view how_to_start_service() { return "systemctl start tocsin"; }

std::filesystem::path credential_file(const std::string& name) {
  if (const char* handed = std::getenv("CREDENTIALS_DIRECTORY"); handed != nullptr) {
    for (const auto& file : {name, "tocsin_" + name}) {
      std::error_code ignored;
      if (auto path = std::filesystem::path(handed) / file; std::filesystem::exists(path, ignored))
        return path;
    }
  }
  return system_configuration().parent_path() / "credentials" / name;
}

}  // namespace tocsin::platform
