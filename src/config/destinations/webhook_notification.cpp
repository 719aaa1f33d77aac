#include "config/destinations/webhook_notification.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "config/destinations/common_keys.h"
#include "config/destinations/webhook_url.h"

namespace tocsin::config {
namespace {

constexpr Range kLengths{500, 1'000'000};

/// "type/subtype", with parameters or without (RFC 9110, 8.3.1).
std::optional<std::string> check_content_type(const std::string& text) {
  if (auto mistake = check_header_value(text)) return mistake;
  const auto slash = text.find('/');
  const auto end = std::min(text.find_first_of("; "), text.size());
  const auto is_token = [](const std::string& part) { return !check_header_name(part); };
  if (slash < end && is_token(text.substr(0, slash)) &&
      is_token(text.substr(slash + 1, end - slash - 1)))
    return std::nullopt;
  return "must be a media type, such as `application/json` or `text/plain; charset=utf-8`";
}

std::optional<std::string> check_body(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return "must not be empty";
  return std::nullopt;
}

/// Which of both requests of a webhook the keys are of.
enum class Side : std::uint8_t { firing, resolved };

constexpr std::string_view default_of(Side side, std::string_view own) {
  return side == Side::firing ? own : "as for firing alerts";
}

void read_body(Section& section, Side side, WebhookRequest& request) {
  std::string body;
  std::string file;
  const auto body_place = section.text(
      {.name = "body",
       .writing = Writing::prose,
       .description = "Handlebars template of the body, in place of the fields of Butler.",
       .example = R"({"text": "{{title}}"})",
       .otherwise = default_of(side, "the fields of Butler")},
      body, check_body);
  const auto file_place =
      section.text({.name = "bodyFile",
                    .description = "File with such a template, instead of `body`.",
                    .example = "/etc/tocsin/desk.handlebars",
                    .otherwise = default_of(side, "none")},
                   file, must_not_be_empty);
  if (body_place && file_place)
    section.error(*file_place, "`body` and `bodyFile` are two templates; remove one of them");
  if (!body_place && !file_place) return;
  request.body = std::move(body);
  request.body_file = file_place ? template_at(section, *file_place, "bodyFile", file) : "";
}

/// Whether an account is given twice: in the URL and in a header.
bool logs_in_twice(const WebhookRequest& request) {
  const auto authority = request.url.find("//");
  if (authority == std::string::npos) return false;
  const auto end = request.url.find_first_of("/?#", authority + 2);
  const bool has_user = request.url.substr(authority, end - authority).contains('@');
  return has_user && std::ranges::any_of(request.headers, [](const auto& header) {
           return fold_case(header.first) == "AUTHORIZATION";
         });
}

void check_request(Section& section, const WebhookRequest& request) {
  if (request.has_own_body() && request.method == HttpMethod::get)
    section.error(section.place(), "GET has no body: write another `httpMethod`, or no `body`");
  if (logs_in_twice(request))
    section.error(section.place(),
                  "the URL's user and the header Authorization are two ways to log in; remove one "
                  "of them");
}

void read_request(Section& section, Side side, WebhookRequest& request) {
  const bool is_firing = side == Side::firing;
  section.text({.name = "webhookURL",
                .description = "URL of the receiver, http or https. Its path and query may name "
                               "fields of the alert.",
                .need = is_firing ? Need::required : Need::optional,
                .example = is_firing ? "https://desk.example.com/hook?key=${env:DESK_KEY}"
                                     : "https://desk.example.com/alerts/{{dedupKey}}/close",
                .otherwise = default_of(side, ""),
                .is_secret = true},
               request.url, check_webhook_url);
  section.choice(
      {.name = "httpMethod",
       .description = "HTTP method. GET sends the fields in the query; the others have a body.",
       .example = "POST",
       .otherwise = default_of(side, ""),
       .differs = is_firing ? "GET appends to the query of the URL. Butler replaces it." : ""},
      request.method);
  if (section.has("headers")) request.headers.clear();
  read_headers(section,
               {.name = "headers",
                .description = "Headers added to the request.",
                .otherwise = default_of(side, "")},
               check_added_header_name, request.headers);
  section.text({.name = "contentType",
                .writing = Writing::title,
                .description = "Content type of `body`. It decides how values are escaped: "
                               "for JSON, XML, HTML, a form, or not at all.",
                .example = "application/json",
                .otherwise = default_of(side, "")},
               request.content_type, check_content_type);
  read_body(section, side, request);
  if (!section.is_there() || section.is_off()) return;
  check_request(section, request);
}

void read_resolved(Section& section, Webhook& webhook) {
  section.boolean(
      {.name = "enable", .description = "Sends alerts that are resolved.", .example = "false"},
      webhook.sends_resolved);
  if (!webhook.sends_resolved) section.switch_off();
  auto request = webhook.firing;
  read_request(section, Side::resolved, request);
  if (section.is_there() && webhook.sends_resolved) webhook.resolved = std::move(request);
}

void check_grouping(Section& entry, Place place, Webhook& webhook) {
  if (!webhook.firing.has_own_body()) {
    entry.warning(place,
                  "`grouping` has no effect without `body` or `bodyFile`: the fields of Butler are "
                  "those of one alert");
    webhook.grouping.reset();
  } else if (names_fields(webhook.firing.url) ||
             (webhook.resolved && names_fields(webhook.resolved->url))) {
    entry.error(place,
                "`grouping` does not go with a `webhookURL` that names fields of one alert; remove "
                "one of them");
  }
}

void read_groups(Section& entry, const Grouping& of_all, Webhook& webhook) {
  auto grouping = of_all;
  const auto place = read_grouping(
      entry,
      {.name = "grouping",
       .description =
           "Several alerts in one request, for webhooks with a `body`. Omitted keys are as in "
           "`serviceMonitor`. Without this section, each alert is a request.",
       .same_as = "serviceMonitor.grouping"},
      grouping);
  entry.count({.name = "linesLength",
               .description = "Maximum length of the `lines` of a group together. Further alerts "
                              "are only counted, in `more`.",
               .example = "3000"},
              webhook.most_lines, kLengths);
  if (!place) return;
  webhook.grouping = grouping;
  check_grouping(entry, *place, webhook);
}

void read_webhook(Section& entry, const Grouping& of_all, Webhook& webhook) {
  entry.text({.name = "description",
              .writing = Writing::title,
              .description = "Name of the webhook in logs and routes.",
              .example = "On-call desk"},
             webhook.description);
  read_request(entry, Side::firing, webhook.firing);
  entry.section(
      {.name = "resolved", .description = "What is different for alerts that are resolved."},
      [&webhook](Section& inner) { read_resolved(inner, webhook); });
  read_groups(entry, of_all, webhook);
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
               webhook.webhooks, [&webhook](Section& entry, Webhook& one) {
                 read_webhook(entry, webhook.grouping_of_all, one);
               });
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
