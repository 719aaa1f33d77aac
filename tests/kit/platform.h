// Where a test runs, for the few that cannot pass everywhere: they are skipped with the reason.
#pragma once

#include <filesystem>

namespace tocsin::kit {

/// Windows, which for our tests is Wine.
inline constexpr bool kIsWindows = std::filesystem::path::preferred_separator != '/';

}  // namespace tocsin::kit
