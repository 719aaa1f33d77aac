#include "notify/webhook/webhook.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kEvent = "Windows service monitor";

struct Field {
  const char* name;
  std::string value;
};

/// All but stateChanged, which is not text.
std::vector<Field> fields_of(const Alert& alert) {
  return {{"event", std::string(kEvent)},
          {"host", valid_utf8(alert.host.text())},
          {"serviceStatus", std::string(status_word(alert))},
          {"serviceName", valid_utf8(alert.service.text())},
          {"serviceDisplayName", valid_utf8(display_name(alert))},
          {"serviceStartType", std::string(to_string(alert.details.start_mode))},
          {"prevState", std::string(previous_status_word(alert))},
          {"currState", std::string(status_word(alert))}};
}

/// What Butler does not say.
std::vector<Field> more_fields_of(const Alert& alert) {
  std::vector<Field> fields{{"kind", valid_utf8(kind_word(alert))}};
  if (auto reason = valid_utf8(reason_of(alert)); !reason.empty())
    fields.push_back({"reason", std::move(reason)});
  return fields;
}

/// As the URL standard writes application/x-www-form-urlencoded (URLSearchParams does the same).
void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '*' || c == '-' || c == '.' || c == '_';
    const auto byte = static_cast<std::uint8_t>(c);
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
}

std::string lower(std::string_view ascii) {
  std::string out(ascii);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

std::vector<std::string> webhook_keys(std::span<const config::Webhook> webhooks) {
  std::vector<std::string> keys;
  std::set<std::string> taken;
  for (const config::Webhook& webhook : webhooks) {
    std::string identity = webhook.description;
    if (!taken.insert(identity).second) {
      identity += '\n' + std::string(to_string(webhook.method)) + '\n' + webhook.url;
      while (!taken.insert(identity).second) identity += "\nagain";
    }
    keys.push_back(channel_key("webhook", identity));
  }
  return keys;
}

std::string webhook_body(const Alert& alert) {
  JsonWriter body;
  body.begin_object();
  for (const Field& field : fields_of(alert)) body.member(field.name, field.value);
  body.member("stateChanged", true);
  for (const Field& field : more_fields_of(alert)) body.member(field.name, field.value);
  return body.end_object().take();
}

std::string webhook_url(const std::string& url, const Alert& alert) {
  // A fragment is never sent, and would swallow what comes after it.
  std::string out = url.substr(0, url.find('#'));
  if (!out.contains('?')) {
    out += '?';
  } else if (!out.ends_with('?') && !out.ends_with('&')) {
    out += '&';
  }
  for (const Field& field : fields_of(alert)) {
    out += lower(field.name) + '=';
    append_encoded(out, field.value);
    out += '&';
  }
  out += "statechanged=true";
  for (const Field& field : more_fields_of(alert)) {
    out += '&' + lower(field.name) + '=';
    append_encoded(out, field.value);
  }
  return out;
}

Webhook::Webhook(config::Webhook settings, std::string key, const ChannelDeps& deps)
    : HttpChannel({.key = std::move(key),
                   .name = "webhook \"" +
                           printable(settings.description.empty() ? origin_of(settings.url)
                                                                  : settings.description) +
                           "\"",
                   .secrets = UrlSecrets(settings.url),
                   .terms = {.logs_in = user_info_of(settings.url) ? LogsIn::yes : LogsIn::no},
                   .tls = {.ca_file = settings.ca_file, .verify = settings.reject_unauthorized}},
                  deps),
      settings_(std::move(settings)) {}

net::HttpRequest Webhook::request_for(const Alert& alert) const {
  net::HttpRequest request = settings_.method == config::HttpMethod::get
                                 ? net::HttpRequest{.url = webhook_url(settings_.url, alert)}
                                 : post_json(settings_.url, webhook_body(alert));
  request.method = to_string(settings_.method);
  request.needs = net::HttpRequest::Needs::status_line;
  return request;
}

void add_channels(const config::WebhookDestinations& settings, const ChannelDeps& deps,
                  Destinations& to) {
  const std::vector<std::string> keys = webhook_keys(settings.webhooks);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    to.alerts.push_back(
        {.channel = std::make_unique<Webhook>(settings.webhooks[i], keys[i], deps),
         .rules = {.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit}},
         .login = url_login(deps.logins, settings.webhooks[i].url),
         .label = settings.webhooks[i].description});
  }
}

}  // namespace tocsin::notify
