#include "notify/webhook/webhook.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "config/destinations/webhook_url.h"
#include "notify/fields.h"
#include "notify/fit.h"
#include "notify/group_text.h"
#include "notify/http_login.h"
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
  if (!alert.recovery.empty()) fields.push_back({"recovery", valid_utf8(alert.recovery)});
  return fields;
}

/// What RFC 3986 calls unreserved stays.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("-._~").contains(c);
    const auto byte = static_cast<std::uint8_t>(c);
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

/// As the URL standard writes application/x-www-form-urlencoded (URLSearchParams does the same).
void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ' ' || c == '*') {
      out += c == ' ' ? '+' : c;
    } else if (c == '~') {
      out += "%7E";
    } else {
      out += percent_encoded({&c, 1});
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

/// An account in a header; else none.
HttpLogin header_login(const config::WebhookRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (fold_case(name) == "AUTHORIZATION") return {.user = "", .secret = Secret(value)};
  }
  return {};
}

UrlSecrets secrets_of(const config::WebhookRequest& request) {
  UrlSecrets secrets(request.url);
  for (const auto& [name, value] : request.headers) {
    secrets.add(value);
    // "Bearer TOKEN": a server may say the token alone, and of "Basic ..." the password.
    const auto token = std::string_view(value).substr(value.rfind(' ') + 1);
    secrets.add(token);
    if (!fold_case(value).starts_with("BASIC ")) continue;
    const auto account = from_base64(token).value_or(Bytes{});
    const std::string text(account.begin(), account.end());
    secrets.add(std::string_view(text).substr(text.find(':') + 1));
  }
  return secrets;
}

/// What makes it fit for a receiver of this format.
std::optional<std::string> body_mistake(std::string& body, render::Format format) {
  if (format == render::Format::json) return json_mistake(body, JsonForm::any);
  // The line break at the end of the file, or of the text in YAML, would belong to the last value.
  if (format == render::Format::form) body.erase(body.find_last_not_of("\r\n") + 1);
  return text_mistake(body);
}

}  // namespace

std::vector<std::string> webhook_keys(std::span<const config::Webhook> webhooks) {
  std::vector<std::string> keys;
  std::set<std::string> taken;
  for (const config::Webhook& webhook : webhooks) {
    std::string identity = webhook.description;
    if (!taken.insert(identity).second) {
      identity += '\n' + std::string(to_string(webhook.firing.method)) + '\n' + webhook.firing.url;
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

std::string url_for(const std::string& url, const Alert& alert) {
  if (!config::names_fields(url)) return url;
  const auto values = nlohmann::json::parse(template_values(alert, {}));
  return config::with_fields(url, [&values](std::string_view field) {
    const auto& value = values.at(std::string(field)).get_ref<const std::string&>();
    return value == "." || value == ".." ? std::string("_") : percent_encoded(value);
  });
}

render::Format format_of(std::string_view content_type) {
  using enum render::Format;
  auto type = fold_case(content_type.substr(0, content_type.find_first_of("; ")));
  if (type.ends_with("/JSON") || type.ends_with("+JSON")) return json;
  if (type.ends_with("/XML") || type.ends_with("+XML") || type == "TEXT/HTML") return html;
  return type == "APPLICATION/X-WWW-FORM-URLENCODED" ? form : text;
}

Webhook::Side::Side(const config::WebhookRequest& settings, const std::string& template_name)
    : request(settings),
      body{.configured = {.format = format_of(settings.content_type),
                          .file = settings.body_file,
                          .text = settings.body},
           .name = template_name,
           .built_in = {}},
      secrets(secrets_of(settings)),
      terms{.logs_in = header_login(settings).logs_in(settings.url)} {}

Webhook::Webhook(config::Webhook settings, std::string key, const ChannelDeps& deps)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      name_("webhook \"" +
            printable(settings_.description.empty() ? origin_of(settings_.firing.url)
                                                    : settings_.description) +
            "\""),
      firing_(settings_.firing, name_ + ": `body`"),
      sender_(deps, {.ca_file = settings_.ca_file, .verify = settings_.reject_unauthorized}),
      messages_(deps.messages) {
  messages_.expect(firing_.body);
  if (!settings_.resolved) return;
  resolved_.emplace(*settings_.resolved, name_ + ": `resolved.body`");
  messages_.expect(resolved_->body);
}

const Webhook::Side& Webhook::side_of(const Alert& alert) const {
  return resolved_ && is_resolved(alert) ? *resolved_ : firing_;
}

bool Webhook::wants(const Alert& alert) const {
  return settings_.sends_resolved || !is_resolved(alert);
}

std::vector<config::AlertSection> Webhook::sections() const {
  using enum config::AlertSection;
  if (!settings_.sends_resolved) return {stopped};
  if (!resolved_ && !firing_.request.has_own_body()) return {};
  return {stopped, started};
}

std::string Webhook::group_of(const Alert& alert) const {
  if (!settings_.grouping) return {};
  return &side_of(alert) == &firing_ ? "firing" : "resolved";
}

/// What templates know: the fields of one alert, or of a group, and in both cases `alerts`.
std::string Webhook::values(const Contents& contents) const {
  const auto text = describe_group(contents, settings_.most_lines, [](const std::string& line) {
    return to_utf16(line).size() / 2;
  });
  auto values = group_values(contents, text, messages_.urls());
  if (contents.alerts.size() > 1) return values;
  auto both = nlohmann::ordered_json::parse(values);
  both.update(nlohmann::ordered_json::parse(messages_.values(*contents.alerts.front())));
  return both.dump();
}

Message Webhook::write(const Contents& contents, const DeliveryId& /*id*/) {
  const Alert& first = *contents.alerts.front();
  const Side& side = side_of(first);
  const auto& request = side.request;
  if (!request.has_own_body())
    return {.text = request.method == config::HttpMethod::get ? "" : webhook_body(first),
            .note = {}};
  const auto all = values(contents);
  auto message = messages_.write(side.body, all, [&](std::string& body) {
    return body_mistake(body, side.body.configured.format);
  });
  if (message.text.empty()) message.text = contents.alerts.size() == 1 ? webhook_body(first) : all;
  return message;
}

bool Webhook::is_sound(const Message& message) const {
  const auto fits = [&message](const Side& side) {
    auto body = message.text;
    return !body_mistake(body, side.body.configured.format);
  };
  if (!message.note.empty()) return !json_mistake(message.text, JsonForm::any);
  return fits(firing_) || (resolved_ && fits(*resolved_));
}

net::awaitable<Answer> Webhook::send(const Alert& first, const Message& message,
                                     const DeliveryId& id, net::Deadline deadline) {
  const Side& side = side_of(first);
  const auto url = url_for(side.request.url, first);
  net::HttpRequest request = side.request.method == config::HttpMethod::get
                                 ? net::HttpRequest{.url = webhook_url(url, first)}
                                 : post_json(url, message.text);
  if (side.request.has_own_body() && message.note.empty())
    request.headers = {{"Content-Type", side.request.content_type}};
  request.method = to_string(side.request.method);
  request.headers.insert(request.headers.end(), side.request.headers.begin(),
                         side.request.headers.end());
  request.needs = net::HttpRequest::Needs::status_line;
  const auto response = co_await sender_.send(std::move(request), id, deadline);
  co_return noted(judge(response, side.secrets, side.terms), message.note);
}

void add_channels(const config::WebhookDestinations& settings, const ChannelDeps& deps,
                  Destinations& to) {
  const std::vector<std::string> keys = webhook_keys(settings.webhooks);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& webhook = settings.webhooks[i];
    LaneRules rules{.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit}};
    if (webhook.grouping) {
      rules.parallel = 1;  // readers want them in order
      rules.grouping = *webhook.grouping;
    }
    to.alerts.push_back({.channel = std::make_unique<Webhook>(webhook, keys[i], deps),
                         .rules = rules,
                         .login = header_login(webhook.firing).login(webhook.firing.url, deps),
                         .label = webhook.description});
  }
}

}  // namespace tocsin::notify
