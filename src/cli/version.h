// The program's version.
#pragma once

#include <string>

namespace tocsin::cli {

/// "0.1.0"
std::string version();

}  // namespace tocsin::cli
