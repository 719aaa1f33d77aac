// Every key that tocsin understands, for the reference.
#pragma once

#include <vector>

#include "config/section/known_key.h"

namespace tocsin::config {

/// In the order in which they are read; a section or list comes before what it holds.
[[nodiscard]] std::vector<KnownKey> known_keys();

}  // namespace tocsin::config
