#include "notify/new_relic/new_relic.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/http_channel.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

/// Event API: "Limits and restricted characters" has 255; those that come last are ours: the type,
/// the kind and the reason.
constexpr std::size_t kMostAttributes = 252;
constexpr std::size_t kLongestValue = 4096;
/// What is sent sooner is given the right time by New Relic itself.
constexpr auto kLate = std::chrono::minutes(1);
/// The key is not one of the account's, whatever is sent.
constexpr int kWrongKey = 403;
/// Both APIs throw away what says that it is older than a day (logs: two).
constexpr auto kOldest = std::chrono::hours(23);

std::string cut(std::string_view text) {
  std::string valid = valid_utf8(text);
  valid.resize(cut_utf8(valid, kLongestValue).size());
  return valid;
}

Json attributes_of(const config::NewRelicDestination& settings, const Alert& alert) {
  Json attributes = Json::object();
  const auto set = [&attributes](const std::string& name, Json value) {
    if (attributes.size() < kMostAttributes || attributes.contains(name))
      attributes[name] = std::move(value);
  };
  for (const auto& attribute : settings.attributes) {
    Json value = attribute.is_number ? Json::parse(attribute.value, nullptr, false) : Json();
    set(cut(attribute.name), value.is_number() ? std::move(value) : Json(cut(attribute.value)));
  }
  if (settings.with_host) set("butler_serviceHost", cut(alert.host.text()));
  if (settings.with_name) set("butler_serviceName", cut(alert.service.text()));
  if (settings.with_display_name) set("butler_serviceDisplayName", cut(display_name(alert)));
  if (settings.with_state) set("butler_serviceStatus", status_word(alert));
  return attributes;
}

/// What Butler does not say.
void add_kind(Json& attributes, const Alert& alert) {
  attributes["tocsin_kind"] = cut(kind_word(alert));
  if (const auto reason = reason_of(alert); !reason.empty())
    attributes["tocsin_reason"] = cut(reason);
}

/// Milliseconds since 1970 of an alert that comes late, but not too late to be believed.
void add_time(Json& object, const Alert& alert, Time now) {
  const auto age = now - alert.at;
  if (age >= kLate && age < kOldest) object["timestamp"] = alert.at.time_since_epoch().count();
}

std::string log_message(const Alert& alert) {
  if (!row_of(alert.kind).in_butler)
    return cut(with_notice(alert, sentence_about(alert, kLongestValue)));
  return with_notice(
      alert, fmt::format("Windows service \"{}\" on host \"{}\" is {}.", cut(display_name(alert)),
                         cut(alert.host.text()), status_word(alert)));
}

class NewRelicChannel final : public HttpChannel {
 public:
  using Body = std::string (*)(const config::NewRelicDestination&, const Alert&, Time);

  NewRelicChannel(std::string_view what, std::string url, const config::NewRelicAccount& account,
                  const config::NewRelicDestination& settings, const config::NewRelic& shared,
                  Body body, const ChannelDeps& deps)
      : HttpChannel({.key = channel_key("newRelic", fmt::format("{}\n{}", what, account.name)),
                     .name = fmt::format("New Relic {} \"{}\"", what, printable(account.name)),
                     .secrets = secrets_of(url, account),
                     .terms = {.success_text = "", .final_status = kWrongKey},
                     .tls = deps.tls},
                    deps),
        url_(std::move(url)),
        key_(account.insert_api_key),
        settings_(settings),
        headers_(shared.headers),
        body_(body),
        clock_(deps.clock),
        send_started_(shared.send_started),
        send_stopped_(shared.send_stopped) {}

  [[nodiscard]] bool wants(const Alert& alert) const override {
    return is_resolved(alert) ? send_started_ : send_stopped_;
  }

 private:
  static UrlSecrets secrets_of(const std::string& url, const config::NewRelicAccount& account) {
    UrlSecrets secrets(url);
    secrets.add(account.insert_api_key.reveal());
    return secrets;
  }

  [[nodiscard]] net::HttpRequest request_for(const Alert& alert) const override {
    net::HttpRequest request{.method = "POST",
                             .url = url_,
                             .headers = {{"Content-Type", "application/json; charset=utf-8"}},
                             .body = body_(settings_, alert, clock_.now())};
    for (const auto& header : headers_) request.headers.push_back(header);
    request.headers.emplace_back("Api-Key", key_.reveal());
    return request;
  }

  std::string url_;
  Secret key_;
  config::NewRelicDestination settings_;
  std::vector<std::pair<std::string, std::string>> headers_;
  Body body_;
  const Clock& clock_;
  bool send_started_;
  bool send_stopped_;
};

std::string event_url(std::string base, const config::NewRelicAccount& account) {
  while (base.ends_with('/')) base.pop_back();
  return base + "/v1/accounts/" + account.id + "/events";
}

}  // namespace

std::string new_relic_event(const config::NewRelicDestination& settings, const Alert& alert,
                            Time now) {
  Json event = attributes_of(settings, alert);
  event["eventType"] = "qs_serviceStateEvent";
  add_kind(event, alert);
  add_time(event, alert, now);
  return Json::array({std::move(event)}).dump();
}

std::string new_relic_log(const config::NewRelicDestination& settings, const Alert& alert,
                          Time now) {
  Json attributes = attributes_of(settings, alert);
  attributes["logtype"] = "qs_serviceStateLog";
  add_kind(attributes, alert);
  Json entry;
  entry["message"] = log_message(alert);
  add_time(entry, alert, now);
  Json batch;
  batch["common"]["attributes"] = std::move(attributes);
  batch["logs"] = Json::array({std::move(entry)});
  return Json::array({std::move(batch)}).dump();
}

void add_channels(const config::NewRelic& settings, const ChannelDeps& deps, Destinations& to) {
  const LaneRules rules{.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit}};
  const auto add = [&](std::string_view what, const config::NewRelicDestination& destination,
                       NewRelicChannel::Body body, const auto& url_of) {
    if (!destination.enabled) return;
    for (const auto& account : destination.accounts) {
      to.alerts.push_back({.channel = std::make_unique<NewRelicChannel>(
                               what, url_of(account), account, destination, settings, body, deps),
                           .rules = rules,
                           .label = account.name});
    }
  };
  add("events", settings.events, new_relic_event,
      [&](const auto& account) { return event_url(settings.events.url, account); });
  add("logs", settings.logs, new_relic_log, [&](const auto&) { return settings.logs.url; });
}

}  // namespace tocsin::notify
