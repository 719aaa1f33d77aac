// PagerDuty: changes as incidents of Events v2.
#pragma once

#include <chrono>
#include <string>

#include "base/names.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

struct PagerDuty {
  static constexpr DestinationType kType{.id = "pagerDuty",
                                         .name = "PagerDuty",
                                         .section = "pagerDutyNotification",
                                         .description = "Alerts as PagerDuty incidents."};

  bool enabled = false;
  HttpProxy proxy{};
  Secret routing_key;
  std::string url = "https://events.pagerduty.com/v2/enqueue";
  std::string severity = "critical";
  std::chrono::seconds rate_limit{0};
};

void read_settings(Section& section, bool wanted, PagerDuty& pager_duty);

}  // namespace tocsin::config
