// `migrate`: a clean configuration of tocsin from one of Butler.
#include "config/migrate.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"

namespace tocsin::cli {

int migrate(const MigrateOptions& options) {
  const auto migrated = config::migrate(options.configuration, environment());
  for (const auto& finding : migrated.findings) {
    if (finding.severity != config::Severity::info)
      print_finding(finding.severity, printable(to_string(finding), 1000));
  }
  if (migrated.text.empty()) return kExitBadConfiguration;
  fmt::print("{}", migrated.text);
  return kExitOk;
}

}  // namespace tocsin::cli
