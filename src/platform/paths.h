// Default places of files.
#pragma once

#include <filesystem>

namespace tocsin::platform {

/// The data directory: /var/lib/tocsin for root, else $XDG_STATE_HOME/tocsin, else
/// ~/.local/state/tocsin; %ProgramData%\tocsin on Windows. It is not created here.
[[nodiscard]] std::filesystem::path default_data_directory();
/// The configuration of the machine: /etc/tocsin/tocsin.yaml; %ProgramData%\tocsin\tocsin.yaml on
/// Windows. It need not be there.
[[nodiscard]] std::filesystem::path system_configuration();

}  // namespace tocsin::platform
