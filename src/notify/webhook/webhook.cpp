#include "notify/webhook/webhook.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin::notify {
namespace {

constexpr std::chrono::milliseconds kConnectLimit = std::chrono::seconds(5);
constexpr std::chrono::milliseconds kTotalLimit = std::chrono::seconds(10);
constexpr std::string_view kEvent = "Windows service monitor";

/// Invalid UTF-8 becomes U+FFFD: no receiver takes anything else.
std::string valid_utf8(const std::string& text) {
  return is_utf8(text) ? text : from_utf16(to_utf16(text));
}

struct Field {
  const char* name;
  std::string value;
};

/// All but stateChanged, which is no text.
std::vector<Field> fields_of(const Alert& alert) {
  const std::string& display = alert.details.display_name;
  return {{"event", std::string(kEvent)},
          {"host", valid_utf8(alert.host.text())},
          {"serviceStatus", std::string(to_string(alert.to))},
          {"serviceName", valid_utf8(alert.service.text())},
          {"serviceDisplayName", valid_utf8(display.empty() ? alert.service.text() : display)},
          {"serviceStartType", std::string(to_string(alert.details.start_mode))},
          {"prevState", std::string(to_string(alert.from))},
          {"currState", std::string(to_string(alert.to))}};
}

bool is_of_the_original(TransitionKind kind) {
  return kind == TransitionKind::started || kind == TransitionKind::stopped ||
         kind == TransitionKind::paused;
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

/// "https://host:port", without user, path and query.
std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto user = authority.rfind('@'); user != std::string_view::npos) {
    authority.remove_prefix(user + 1);
  }
  return std::string(url.substr(0, scheme + 3)) + std::string(authority);
}

std::string_view method_name(config::HttpMethod method) {
  switch (method) {
    case config::HttpMethod::get:
      return "GET";
    case config::HttpMethod::post:
      return "POST";
    case config::HttpMethod::put:
      return "PUT";
  }
  return "POST";
}

}  // namespace

std::vector<std::string> webhook_keys(std::span<const config::Webhook> webhooks) {
  std::vector<std::string> keys;
  std::set<std::string> taken;
  for (const config::Webhook& webhook : webhooks) {
    std::string identity = webhook.description;
    if (!taken.insert(identity).second) {
      identity += '\n' + std::string(method_name(webhook.method)) + '\n' + webhook.url;
      while (!taken.insert(identity).second) identity += "\nagain";
    }
    keys.push_back(channel_key("webhook", identity));
  }
  return keys;
}

std::string webhook_body(const Alert& alert) {
  nlohmann::ordered_json body;
  for (Field& field : fields_of(alert)) body[field.name] = std::move(field.value);
  body["stateChanged"] = true;
  if (!is_of_the_original(alert.kind)) body["reason"] = valid_utf8(alert.reason);
  return body.dump();
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
  if (!is_of_the_original(alert.kind)) {
    out += "&reason=";
    append_encoded(out, valid_utf8(alert.reason));
  }
  return out;
}

Webhook::Webhook(config::Webhook settings, std::string key, const std::string& version,
                 net::HttpTransport& transport)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      name_("webhook \"" +
            printable(settings_.description.empty() ? origin_of(settings_.url)
                                                    : settings_.description) +
            "\""),
      user_agent_("tocsin/" + version),
      secrets_(settings_.url),
      transport_(transport) {}

net::awaitable<Answer> Webhook::deliver(const Alert& alert, const DeliveryId& id,
                                        net::Deadline deadline) {
  const bool in_query = settings_.method == config::HttpMethod::get;
  net::HttpRequest request{
      .method = std::string(method_name(settings_.method)),
      .url = in_query ? webhook_url(settings_.url, alert) : settings_.url,
      .headers = {{"User-Agent", user_agent_}, {"Idempotency-Key", id.value}},
      .body = in_query ? std::string() : webhook_body(alert),
      .tls = {.ca_file = settings_.ca_file, .verify = settings_.reject_unauthorized},
      .connect_limit = kConnectLimit};
  if (!in_query) request.headers.emplace_back("Content-Type", "application/json");
  const auto response =
      co_await transport_.fetch(std::move(request), std::min(deadline, net::within(kTotalLimit)));
  co_return judge(response, secrets_);
}

void add_webhooks(const config::WebhookDestinations& settings, const Means& means,
                  std::vector<Destination>& to) {
  if (!settings.enabled) return;
  const std::vector<std::string> keys = webhook_keys(settings.webhooks);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    to.push_back(
        {.channel =
             std::make_unique<Webhook>(settings.webhooks[i], keys[i], means.version, means.http),
         .rules = {.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit}}});
  }
}

}  // namespace tocsin::notify
