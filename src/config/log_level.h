// How much is logged.
#pragma once

#include <cstdint>

namespace tocsin::config {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

}  // namespace tocsin::config
