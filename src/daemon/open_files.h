// How the files that the process may have open are shared out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "net/tcp.h"

namespace tocsin::daemon {

/// Each connection to a host and each name that is looked up is an open file. A share is kept for
/// the destinations, the store, the log and the configuration. No limit: nothing.
[[nodiscard]] net::ConnectorLimits connector_limits(std::optional<std::size_t> most_files);

/// What to do where so many hosts cannot all be connected at the same time; empty: they can.
[[nodiscard]] std::string lack_of_files(std::size_t hosts, std::optional<std::size_t> most_files);

}  // namespace tocsin::daemon
