// Default places of files.
#pragma once

#include <filesystem>

namespace tocsin::platform {

/// The data directory: /var/lib/tocsin for root, else $XDG_STATE_HOME/tocsin, else
/// ~/.local/state/tocsin; %ProgramData%\tocsin on Windows. It is not created here.
[[nodiscard]] std::filesystem::path default_data_directory();

}  // namespace tocsin::platform
