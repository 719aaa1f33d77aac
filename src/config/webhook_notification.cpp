#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/files.h"
#include "config/sections.h"
#include "config/url.h"

namespace tocsin::config {
namespace {

constexpr std::array kMethods = {Choice<HttpMethod>{"GET", HttpMethod::get},
                                 Choice<HttpMethod>{"POST", HttpMethod::post},
                                 Choice<HttpMethod>{"PUT", HttpMethod::put}};

constexpr Range kRateLimit{0, 366LL * 24 * 60 * 60};

/// A bundle of all public authorities has a quarter of that.
constexpr std::size_t kMostCertificateBytes = std::size_t{1} << 20;

void check_ca_file(Section& section, Place place, const std::string& path) {
  const auto pem = read_file(path, kMostCertificateBytes, Accept::regular_files);
  const auto file = "`certCA`: the file `" + printable(path) + "` ";
  if (!pem) {
    section.error(place, file + pem.error().what);
  } else if (!pem->contains("-----BEGIN CERTIFICATE-----") &&
             !pem->contains("-----BEGIN TRUSTED CERTIFICATE-----")) {
    section.error(place, file + "holds no certificate in PEM form");
  }
}

void read_certificate(Section& section, Webhook& webhook) {
  bool enabled = false;
  section.boolean({.name = "enable",
                   .description = "Whether the keys beside it are used; without them the receiver "
                                  "is verified with the system's certificates.",
                   .example = "true"},
                  enabled);
  bool reject = true;
  const auto reject_place =
      section.boolean({.name = "rejectUnauthorized",
                       .description = "Whether a receiver that cannot be verified gets no alert.",
                       .example = "true"},
                      reject);
  std::string ca_file;
  const auto ca_place = section.text({.name = "certCA",
                                      .description = "A PEM file with the authorities that the "
                                                     "receiver's certificate may come from.",
                                      .example = "/etc/tocsin/ca.pem",
                                      .otherwise = "the system's certificates"},
                                     ca_file);
  if (!enabled) return;
  webhook.reject_unauthorized = reject;
  if (!reject)
    section.warning(*reject_place,
                    "`rejectUnauthorized` is false: anybody in between can read alerts and answer "
                    "in the receiver's place");
  if (!ca_file.empty()) {
    webhook.ca_file = path_from(section.reading().directory, ca_file);
    check_ca_file(section, *ca_place, webhook.ca_file);
  } else if (reject) {
    section.error(section.place(), "`cert` is enabled, so `certCA` must name a file");
  }
}

void read_webhook(Section& entry, Webhook& webhook) {
  entry.text({.name = "description",
              .description = "What messages about the webhook call it.",
              .example = "On-call desk"},
             webhook.description);
  entry.text({.name = "webhookURL",
              .description = "Where alerts are sent, http or https.",
              .need = Need::required,
              .example = "https://desk.example.com/hook?key=${env:DESK_KEY}"},
             webhook.url, check_http_url);
  entry.choice({.name = "httpMethod",
                .description = "POST and PUT send JSON; GET sends the same in the query.",
                .example = "POST"},
               webhook.method, kMethods);
  entry.section({.name = "cert", .description = "How an https receiver is verified."},
                [&webhook](Section& inner) { read_certificate(inner, webhook); });
}

void read_service_alerts(Section& section, WebhookDestinations& webhook) {
  const auto rate_limit =
      section.seconds({.name = "rateLimit",
                       .description = "The shortest time between two alerts of one kind about one "
                                      "service to one webhook; what comes in between is sent "
                                      "after it. 0 sets no limit.",
                       .example = "60"},
                      webhook.rate_limit, kRateLimit);
  if (rate_limit && webhook.rate_limit == std::chrono::seconds(0))
    section.info(*rate_limit,
                 "`rateLimit` 0 means no limit; the original sends one alert and never again");
  section.list({.name = "webhooks", .description = "The receivers; each gets every alert."},
               webhook.webhooks, read_webhook);
  const auto* list = section.raw("webhooks");
  if (webhook.enabled && (list == nullptr || list->children.empty()))
    section.warning(section.place(), "alerts are to go to webhooks, but there are none");
}

}  // namespace

void read_webhook_notification(Section& section, bool wanted, WebhookDestinations& webhook) {
  section.share_with_original();
  bool enabled = true;
  const auto enable = section.boolean(
      {.name = "enable", .description = "Whether webhooks are used at all.", .example = "true"},
      enabled);
  if (wanted && !enabled)
    section.warning(*enable,
                    "`webhookNotification` is switched off, so alerts do not go to webhooks; the "
                    "original ignores this switch");
  webhook.enabled = wanted && enabled;
  if (!webhook.enabled) section.switch_off();
  section.section({.name = "serviceMonitor", .description = "Alerts about services."},
                  [&webhook](Section& inner) { read_service_alerts(inner, webhook); });
  if (!webhook.enabled) webhook.webhooks.clear();
}

}  // namespace tocsin::config
