// A password that somebody types, or pipes in.
#pragma once

#include <string>

#include "base/error.h"
#include "base/names.h"

namespace tocsin::platform {

/// Whether stdin is a terminal.
[[nodiscard]] bool is_typed();

/// Asks on stderr, and reads a line from stdin that the terminal does not show.
[[nodiscard]] Result<Secret> ask_password(const std::string& account);

}  // namespace tocsin::platform
