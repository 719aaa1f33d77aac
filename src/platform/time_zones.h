// The time zones that the machine knows: Debian's files on Linux, the same ones inside tocsin.exe.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin::platform {

/// Whether it may be one: letters, digits and `_ + -` between single slashes, so that as a path it
/// leads nowhere else.
[[nodiscard]] bool is_time_zone_name(std::string_view name);

/// The compiled file (TZif) of an IANA name, such as "Europe/Stockholm". Errors: not_found.
[[nodiscard]] Result<std::string> load_time_zone(std::string_view name);

}  // namespace tocsin::platform
