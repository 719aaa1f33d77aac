// Bodies of HTTP requests, compressed (RFC 1952; zlib behind it).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin {

/// At zlib's level 1, which costs a third of the default and makes of repetitive text hardly more.
[[nodiscard]] std::string gzip(std::string_view text);

/// The inverse. malformed: it is no gzip, is cut short, or is longer than `most` bytes.
[[nodiscard]] Result<std::string> gunzip(std::string_view compressed, std::size_t most);

}  // namespace tocsin
