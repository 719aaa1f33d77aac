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

}  // namespace tocsin
