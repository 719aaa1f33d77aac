// File paths between our UTF-8 and the system's text. A path must not be made from a std::string
// directly: on Windows its bytes would be read in a legacy code page.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tocsin {

[[nodiscard]] std::filesystem::path to_path(std::string_view utf8);
[[nodiscard]] std::string to_utf8(const std::filesystem::path& path);

}  // namespace tocsin
