// What the system says of a file that could not be made or written, as the kind of an Error.
#pragma once

#include <system_error>

#include "base/error.h"

namespace tocsin {

/// exhausted: the disk is full, a quota is used up, or the disk fails; else storage.
[[nodiscard]] ErrorKind kind_of_file_error(const std::error_code& error);

}  // namespace tocsin
