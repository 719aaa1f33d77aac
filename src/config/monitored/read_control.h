// `control`: whether the services of hosts may be started and stopped, and by which account.
#pragma once

#include <optional>

#include "config/monitored/host.h"
#include "config/monitored/read_credentials.h"
#include "config/section/section.h"

namespace tocsin::config {

/// Under the name of the key; what it does not say stays. Answers the place of an account that it
/// names.
std::optional<Place> read_control(Section& section, const Key& key, const HostAccounts& accounts,
                                  std::optional<HostControl>& control);

}  // namespace tocsin::config
