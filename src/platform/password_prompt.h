// A password that somebody types, or pipes in.
#pragma once

#include <string>

#include "base/error.h"
#include "base/names.h"

namespace tocsin::platform {

/// Whether stdin is a terminal.
[[nodiscard]] bool is_typed();

/// A line that the terminal does not show; only where it is typed. Empty: the end of the input, or
/// a signal that ends the program.
[[nodiscard]] Result<std::string> read_unseen();

/// Asks on stderr where it is typed. rejected: no password was given.
[[nodiscard]] Result<Secret> ask_password(const std::string& account);

}  // namespace tocsin::platform
