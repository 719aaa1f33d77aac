// Default places of files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tocsin::platform {

/// The data directory: /var/lib/tocsin for root, else $XDG_STATE_HOME/tocsin, else
/// ~/.local/state/tocsin; %ProgramData%\tocsin on Windows. It is not created here.
[[nodiscard]] std::filesystem::path default_data_directory();
/// The configuration of the machine: /etc/tocsin/tocsin.yaml; %ProgramData%\tocsin\tocsin.yaml on
/// Windows. It need not be there.
[[nodiscard]] std::filesystem::path system_configuration();
/// What starts the service that has it: a command, or two.
[[nodiscard]] std::string_view how_to_start_service();
/// Where a secret of this name is: in what systemd hands to its unit (LoadCredential=NAME:FILE, or
/// tocsin:DIRECTORY, of which it makes tocsin_NAME), else in the folder `credentials` beside
/// system_configuration(). It need not be there.
[[nodiscard]] std::filesystem::path credential_file(const std::string& name);

}  // namespace tocsin::platform
