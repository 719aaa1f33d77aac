// The time zones that the machine knows: Debian's files on Linux, the same ones inside tocsin.exe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin::platform {

/// Whether it may be one: letters, digits and `_ + -` between single slashes, so that as a path it
/// leads nowhere else.
[[nodiscard]] bool is_time_zone_name(std::string_view name);

/// The compiled file (TZif) of an IANA name, such as "Europe/Stockholm". Errors: not_found.
[[nodiscard]] Result<std::string> load_time_zone(std::string_view name);

/// The IANA name of the zone that this machine's local time is in. Empty where there is none that
/// can be relied on: where TZ holds a rule instead of a name, and on Windows, whose zones have
/// names of their own.
[[nodiscard]] std::string own_time_zone();
/// The same by a value of the variable TZ and a folder in place of /etc. On Linux only.
[[nodiscard]] std::string own_time_zone(const std::optional<std::string>& variable,
                                        const std::filesystem::path& etc);

}  // namespace tocsin::platform
