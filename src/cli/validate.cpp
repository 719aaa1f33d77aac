#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"

namespace tocsin::cli {

int validate(const ValidateOptions& options) {
  const auto loaded = config::load(options.configuration, environment());
  for (const auto& finding : loaded.findings) {
    fmt::print("{}\n", printable(to_string(finding), 1000));
  }
  if (!loaded.config) return kExitBadConfiguration;
  std::size_t services = 0;
  for (const auto& host : loaded.config->hosts) services += host.services.entries().size();
  fmt::print("{}: good; hosts: {}, watched services: {}, {}\n", printable(options.configuration),
             loaded.config->hosts.size(), services, loaded.config->frequency.text());
  return kExitOk;
}

}  // namespace tocsin::cli
