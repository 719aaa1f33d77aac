// Bytes of a test as they are written.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace tocsin::kit {

inline Bytes hex(std::string_view text) { return from_hex(text).value(); }

}  // namespace tocsin::kit
