// Per-user services: Windows makes a copy of each for every logon, and removes it at the logoff.
// Found by a pattern, the copies of one service are watched together under its base name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/service.h"

namespace tocsin::probe {

/// "CDPUserSvc_3b2f1" -> "CDPUserSvc" where the type (dwServiceType) says that it is a copy, whose
/// name ends in the hexadecimal id of its logon. Nothing for any other service.
[[nodiscard]] std::optional<std::string> base_name(std::string_view name, std::uint32_t type);

/// Display names of copies end in the same id, if Windows knows no better:
/// "Clipboard User Service_3b2f1" -> "Clipboard User Service".
[[nodiscard]] std::string base_display_name(std::string_view display_name,
                                            std::string_view copy_name);

/// What copies are made of. It is in some lists too, and never runs.
[[nodiscard]] bool is_template(std::uint32_t type);

/// Whether the name is a base name, so that no service manager knows it.
[[nodiscard]] bool is_group(const ServiceName& name, const ServiceDetails& details);

/// Running if any copy runs; stopped if all are; otherwise what the one is that is closest to
/// running. The process id is 0: it would change with every logon. At least one copy.
[[nodiscard]] ServiceStatus status_of_copies(std::span<const ServiceStatus> copies);

}  // namespace tocsin::probe
