// Who may read our files.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace tocsin::platform {

/// Makes the directory, and what lies above it, so that only we and administrators may read it. One
/// that exists stays as it is. The error says that it cannot be made, and why.
[[nodiscard]] Result<> make_private_directory(const std::filesystem::path& directory);

/// Whether every user of the machine may read the file. False where the permissions do not say.
[[nodiscard]] bool is_readable_by_others(const std::filesystem::path& file);

/// The clause that tells a user how to change that.
[[nodiscard]] std::string_view how_to_hide();

}  // namespace tocsin::platform
