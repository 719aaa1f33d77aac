// Win32's numbers in words for an administrator: what happened, and what to do.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tocsin::probe::scm {

/// The code as an error of ours. `call` begins the sentence; `machine` is empty for this one.
/// Kinds: denied, not_found (a service or a host name), unreachable, timed_out, malformed,
/// unsupported, rejected.
[[nodiscard]] Error explain(std::uint32_t code, const std::string& call,
                            const std::string& machine);

/// Whether the code is about one service, and the manager itself is sound.
[[nodiscard]] bool is_about_service(std::uint32_t code);

}  // namespace tocsin::probe::scm
