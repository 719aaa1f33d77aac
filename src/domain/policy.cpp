#include "domain/policy.h"

namespace tocsin {

std::string_view to_string(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::info:
      return "info";
    case AlertSeverity::warning:
      return "warning";
    case AlertSeverity::critical:
      return "critical";
  }
  return "critical";
}

std::optional<AlertSeverity> parse_alert_severity(std::string_view text) {
  using enum AlertSeverity;
  for (const auto severity : {info, warning, critical}) {
    if (to_string(severity) == text) return severity;
  }
  return std::nullopt;
}

}  // namespace tocsin
