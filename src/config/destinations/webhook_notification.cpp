#include "config/destinations/webhook_notification.h"

#include <array>
#include <string>

#include "config/destinations/common_keys.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

void read_webhook(Section& entry, Webhook& webhook) {
  entry.text({.name = "description",
              .writing = Writing::title,
              .description = "Name of the webhook in logs and routes.",
              .example = "On-call desk"},
             webhook.description);
  entry.text({.name = "webhookURL",
              .description = "URL of the receiver, http or https.",
              .need = Need::required,
              .example = "https://desk.example.com/hook?key=${env:DESK_KEY}",
              .is_secret = true},
             webhook.url, check_http_url);
  entry.choice(
      {.name = "httpMethod",
       .description = "HTTP method. POST and PUT send JSON; GET sends the same in the query.",
       .example = "POST",
       .differs = "GET appends to the query of the URL. Butler replaces it."},
      webhook.method);
  entry.section({.name = "cert", .description = "Verification of an https receiver."},
                [&webhook](Section& inner) {
                  read_certificate(inner, webhook.ca_file, webhook.reject_unauthorized);
                });
}

void read_service_alerts(Section& section, WebhookDestinations& webhook) {
  read_rate_limit(section, "webhook", webhook.rate_limit);
  section.list({.name = "webhooks",
                .description = "Receivers. Each gets every alert.",
                .differs = "A webhook that fails delays no other, and each request has a time "
                           "limit. Butler skips the webhooks after it."},
               webhook.webhooks, read_webhook);
  const auto* list = section.raw("webhooks");
  if (webhook.enabled && (list == nullptr || list->children.empty()))
    section.warning(section.place(), "webhooks are enabled, but there are none");
}

}  // namespace

void read_settings(Section& section, bool wanted, WebhookDestinations& webhook) {
  section.share_with_butler(Shared::features);
  webhook.enabled = read_enable(section, wanted, ButlerSwitch::ignored);
  section.section({.name = "serviceMonitor", .description = "Alerts about services."},
                  [&webhook](Section& inner) { read_service_alerts(inner, webhook); });
  if (!webhook.enabled) webhook.webhooks.clear();
}

std::vector<std::string> WebhookDestinations::labels() const {
  std::vector<std::string> all;
  all.reserve(webhooks.size());
  for (const auto& webhook : webhooks) all.push_back(webhook.description);
  return all;
}

}  // namespace tocsin::config
