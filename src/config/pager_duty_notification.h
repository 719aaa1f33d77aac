// PagerDuty: changes as incidents of Events v2.
#pragma once

#include <chrono>
#include <string>

#include "base/names.h"

namespace tocsin::config {

struct PagerDuty {
  bool enabled = false;
  Secret routing_key;
  std::string url = "https://events.pagerduty.com/v2/enqueue";
  std::string severity = "critical";
  std::chrono::seconds rate_limit{0};
};

}  // namespace tocsin::config
