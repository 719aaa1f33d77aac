#include "platform/time_zones.h"

#include <algorithm>
#include <cctype>

namespace tocsin::platform {

bool is_time_zone_name(std::string_view name) {
  const auto is_allowed = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '+' || c == '-' || c == '/');
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, is_allowed) &&
         !name.starts_with('/') && !name.ends_with('/') && !name.contains("//");
}

}  // namespace tocsin::platform
