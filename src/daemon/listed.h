// Names in a line of the log: a few of them, and how many more there are.
#pragma once

#include <string>
#include <vector>

namespace tocsin::daemon {

/// "a, b, c and 7 more"
[[nodiscard]] std::string listed(const std::vector<std::string>& names);

}  // namespace tocsin::daemon
