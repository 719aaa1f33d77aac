// `serviceMonitor.credentials`: the accounts that hosts are asked with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/monitored/credentials.h"
#include "config/section/section.h"

namespace tocsin::config {

/// All of `credentials`.
struct HostAccounts {
  std::vector<std::shared_ptr<const Credentials>> right;  ///< without those that have mistakes
  std::vector<std::string> written;                       ///< the names of all
};

[[nodiscard]] HostAccounts read_credentials(Section& section);

}  // namespace tocsin::config
