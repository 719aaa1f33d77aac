// Windows only: what its functions answer, as an Error. The only place that translates.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace tocsin::platform {

/// "WHAT: the system's sentence (CODE)", with the code as `native`.
[[nodiscard]] std::unexpected<Error> fail_windows(std::uint32_t code, std::string_view what);

}  // namespace tocsin::platform
