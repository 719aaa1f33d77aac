#include "notify/pager_duty/pager_duty.h"

#include <chrono>
#include <memory>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/http_channel.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestDedupKey = 255;
constexpr std::size_t kLongestSummary = 1024;
/// PagerDuty asks its clients to wait for minutes, but names no time of its own.
constexpr auto kPatience = std::chrono::minutes(1);

class PagerDutyChannel final : public HttpChannel {
 public:
  PagerDutyChannel(const config::PagerDuty& settings, const ChannelDeps& deps)
      : HttpChannel({.key = channel_key("pagerDuty", settings.url),
                     .name = "PagerDuty",
                     .secrets = secrets_of(settings),
                     .terms = {.success_text = ""},
                     .tls = deps.tls},
                    deps),
        settings_(settings) {}
  /// What is over already opens nothing, so there is nothing to resolve.
  [[nodiscard]] bool wants(const Alert& alert) const override { return !alert.over_already; }

 private:
  static UrlSecrets secrets_of(const config::PagerDuty& settings) {
    UrlSecrets secrets(settings.url);
    secrets.add(settings.routing_key.reveal());
    return secrets;
  }

  [[nodiscard]] net::HttpRequest request_for(const Alert& alert) const override {
    return post_json(settings_.url, pager_duty_event(settings_, alert));
  }

  [[nodiscard]] Answer answer_to(const Result<net::HttpResponse>& response) const override {
    Answer answer = HttpChannel::answer_to(response);
    auto* later = std::get_if<RetryAfter>(&answer);
    if (later != nullptr && response && response->status == 429 && !later->after)
      later->after = kPatience;
    return answer;
  }

  config::PagerDuty settings_;
};

/// What the section says holds for what is critical.
std::string_view severity_of(const config::PagerDuty& settings, const Alert& alert) {
  return alert.severity == AlertSeverity::critical ? std::string_view(settings.severity)
                                                   : to_string(alert.severity);
}

}  // namespace

std::string pager_duty_dedup_key(const Alert& alert) {
  if (is_about_credential(alert)) return shortened(valid_utf8(alert.host.text()), kLongestDedupKey);
  // Case does not tell services apart, and PagerDuty's keys are compared byte by byte.
  const std::string key = valid_utf8(alert.host.key() + "/" + alert.service.key());
  return shortened(key, kLongestDedupKey);
}

std::string pager_duty_event(const config::PagerDuty& settings, const Alert& alert) {
  Json event;
  event["routing_key"] = settings.routing_key.reveal();
  event["event_action"] = is_resolved(alert) ? "resolve" : "trigger";
  event["dedup_key"] = pager_duty_dedup_key(alert);
  event["client"] = "tocsin";
  Json& payload = event["payload"];
  payload["summary"] = sentence_about(alert, kLongestSummary);
  payload["source"] = valid_utf8(alert.host.text());
  payload["severity"] = severity_of(settings, alert);
  payload["timestamp"] = iso_time(alert.at);
  payload["component"] =
      valid_utf8(is_about_host(alert) ? alert.host.text() : alert.service.text());
  payload["class"] = valid_utf8(kind_word(alert));
  Json& details = payload["custom_details"];
  if (!alert.notice.empty()) details["notice"] = valid_utf8(alert.notice);
  details["kind"] = valid_utf8(kind_word(alert));
  details["display_name"] = valid_utf8(display_name(alert));
  if (!alert.friendly_name.empty()) details["friendly_name"] = valid_utf8(alert.friendly_name);
  details["state"] = status_word(alert);
  details["previous_state"] = previous_status_word(alert);
  details["start_type"] = to_string(alert.details.start_mode);
  if (const auto reason = reason_of(alert); !reason.empty()) details["reason"] = valid_utf8(reason);
  details["alert_id"] = alert.id.value;
  return event.dump();
}

void add_channels(const config::PagerDuty& settings, const ChannelDeps& deps, Destinations& to) {
  to.alerts.push_back(
      {.channel = std::make_unique<PagerDutyChannel>(settings, deps),
       .rules = {.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit}}});
}

}  // namespace tocsin::notify
