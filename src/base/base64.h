// Base64 (RFC 4648, 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tocsin {

/// With padding, on one line.
[[nodiscard]] std::string to_base64(BytesView bytes);

/// With or without padding; nothing: it is no base64, or bits behind the last byte are set.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace tocsin
