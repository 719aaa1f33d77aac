// Bodies of HTTP, compressed (RFC 1952; zlib behind it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin {

enum class Packing : std::uint8_t {
  fast,   ///< zlib's level 1: a third of the default's cost, and of repetitive text hardly more
  small,  ///< zlib's default
};

[[nodiscard]] std::string gzip(std::string_view text, Packing packing = Packing::fast);

/// The inverse. malformed: it is no gzip, is cut short, or is longer than `most` bytes.
[[nodiscard]] Result<std::string> gunzip(std::string_view compressed, std::size_t most);

}  // namespace tocsin
