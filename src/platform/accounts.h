// Windows only: accounts by their SID ("S-1-..."), and what files and directories grant them.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace tocsin::platform {

/// The SID of the user who runs this program.
[[nodiscard]] Result<std::string> user_sid();
/// The SID that the process of a service has, whatever account it runs as. The service need not
/// exist.
[[nodiscard]] Result<std::string> sid_of_service(const std::string& name);

/// Makes the directory so that nobody but that account, SYSTEM and administrators may read it; in
/// one that exists the account may read, write and delete from now on. rejected: it belongs to
/// somebody who is not an administrator and could have put anything into it, or it is a whole
/// drive.
[[nodiscard]] Result<> give_directory(const std::filesystem::path& directory,
                                      const std::string& sid);

/// Lets the account read a file.
[[nodiscard]] Result<> let_read(const std::filesystem::path& file, const std::string& sid);

}  // namespace tocsin::platform
