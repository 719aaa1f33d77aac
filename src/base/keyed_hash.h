// Whether many bytes are the same as before, told by eight that are kept of them.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace tocsin {

/// Random, and shown to nobody.
using HashKey = std::array<std::uint64_t, 4>;

/// About half an instruction for each byte. Different bytes have the same hash once in 2^50 times
/// at most, also where somebody chooses them who does not know the key; but it protects nothing:
/// whoever may ask for hashes can find such bytes. `before` is the hash of what they go on from.
[[nodiscard]] std::uint64_t keyed_hash(BytesView bytes, const HashKey& key,
                                       std::uint64_t before = 0);

}  // namespace tocsin
