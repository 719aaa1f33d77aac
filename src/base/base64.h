// Base64 (RFC 4648, 4).
#pragma once

#include <string>

#include "base/bytes.h"

namespace tocsin {

/// With padding, on one line.
[[nodiscard]] std::string to_base64(BytesView bytes);

}  // namespace tocsin
