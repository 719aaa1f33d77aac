// Randomness as a parameter, so that tests own it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/clock.h"

namespace tocsin {

/// Fills the bytes with cryptographically strong randomness; tests pass a counter instead.
using RandomFill = std::function<void(std::span<std::uint8_t>)>;

/// A UUID of version 7 (RFC 9562, 5.7): 48 bits of milliseconds, then randomness.
[[nodiscard]] std::string make_uuid(Time now, const RandomFill& random);

}  // namespace tocsin
