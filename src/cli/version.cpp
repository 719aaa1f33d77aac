#include "cli/version.h"

namespace tocsin::cli {

std::string version() { return TOCSIN_VERSION; }

}  // namespace tocsin::cli
