#include "config/destinations/pager_duty_notification.h"

#include <array>

#include "config/destinations/common_keys.h"
#include "config/section/url.h"

namespace tocsin::config {

void read_settings(Section& section, bool wanted, PagerDuty& pager_duty) {
  constexpr std::array kSeverities = {
      Choice<std::string_view>{"critical", "critical"}, Choice<std::string_view>{"error", "error"},
      Choice<std::string_view>{"warning", "warning"}, Choice<std::string_view>{"info", "info"}};
  pager_duty.enabled = read_enable(section, wanted);
  const auto key =
      section.secret({.name = "routingKey",
                      .description = "Integration key of an Events API v2 integration.",
                      .example = "${env:PAGERDUTY_ROUTING_KEY}"},
                     pager_duty.routing_key);
  if (pager_duty.enabled && !key && !section.has("routingKey"))
    section.error(section.place(), "the key `routingKey` is missing");
  section.text({.name = "url",
                .description = "URL of the Events API. Accounts in Europe use another one.",
                .example = "https://events.eu.pagerduty.com/v2/enqueue"},
               pager_duty.url, check_http_url);
  std::string_view severity = "critical";
  section.choice({.name = "severity",
                  .description = "Severity of the incidents in PagerDuty.",
                  .example = "critical"},
                 severity, kSeverities);
  pager_duty.severity = severity;
  read_rate_limit(section, "account", pager_duty.rate_limit);
}

}  // namespace tocsin::config
