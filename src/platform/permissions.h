// Who may read and write our files.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin::platform {

/// Makes the directory, and what lies above it, so that only we and administrators may read it. One
/// that exists stays as it is. The error says that it cannot be made, and why; exhausted: the disk
/// takes nothing more.
[[nodiscard]] Result<> make_private_directory(const std::filesystem::path& directory);

/// Whether every user of the machine may read the file. False where the permissions do not say.
[[nodiscard]] bool is_readable_by_others(const std::filesystem::path& file);

/// The clause that tells a user how to change that.
[[nodiscard]] std::string_view how_to_hide();

/// Whether every user of the machine may put files into the directory. False where the permissions
/// do not say.
[[nodiscard]] bool is_writable_by_others(const std::filesystem::path& directory);

/// Gives these files of the directory to its owner, where we are root and they are root's: who
/// works as root in another's directory leaves nothing that the owner cannot open. Files that are
/// not there, links and files with several names stay as they are.
void give_to_owner(const std::filesystem::path& directory, std::span<const std::string_view> files);

/// From here on, group members may read the files that the process makes, and others nothing.
void keep_files_from_others();

/// Replaces the text of a file at once: whoever reads it meanwhile has the text before. Follows no
/// link. The error says that it cannot be written, and why.
[[nodiscard]] Result<> replace_file(const std::filesystem::path& file, const std::string& text);

}  // namespace tocsin::platform
