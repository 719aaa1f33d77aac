// What CMake puts into the program for Windows (cmake/time_zones.cmake).
#pragma once

#include <span>
#include <string_view>

namespace tocsin::platform {

struct EmbeddedTimeZone {
  std::string_view name;
  std::string_view tzif;
};

extern const std::span<const EmbeddedTimeZone> kTimeZones;  ///< in the order of their names

}  // namespace tocsin::platform
