#include "notify/alertmanager/alertmanager.h"

#include <chrono>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/http_channel.h"
#include "notify/http_login.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kFiresFor = std::chrono::hours(24 * 365);

HttpLogin login_of(const config::AlertmanagerServer& server) {
  if (server.username.empty()) return {};
  return {.user = server.username, .secret = server.password};
}

class AlertmanagerChannel final : public HttpChannel {
 public:
  AlertmanagerChannel(const config::AlertmanagerServer& server,
                      const config::Alertmanager& settings, const ChannelDeps& deps)
      : HttpChannel({.key = channel_key("alertmanager", server.url),
                     .name = "Alertmanager " + printable(origin_of(server.url)),
                     .secrets = secrets_of(server),
                     .terms = {.logs_in = login_of(server).logs_in(server.url), .success_text = ""},
                     .tls = {.ca_file = server.ca_file, .verify = server.reject_unauthorized},
                     .login = login_of(server)},
                    deps),
        url_(api_of(server.url)),
        settings_(settings) {}
  /// What is over already opens nothing, so there is nothing to resolve.
  [[nodiscard]] bool wants(const Alert& alert) const override { return !alert.over_already; }

 private:
  static UrlSecrets secrets_of(const config::AlertmanagerServer& server) {
    UrlSecrets secrets(server.url);
    login_of(server).hide_in(secrets);
    return secrets;
  }

  static std::string api_of(std::string url) {
    url = url.substr(0, url.find_first_of("?#"));
    while (url.ends_with('/')) url.pop_back();
    return url + "/api/v2/alerts";
  }

  [[nodiscard]] net::HttpRequest request_for(const Alert& alert) const override {
    return post_json(url_, alertmanager_alert(settings_, alert));
  }

  std::string url_;
  config::Alertmanager settings_;
};

/// One that is resolved says when it began: after a restart Alertmanager does not know the firing
/// one, and where it does it keeps the earlier time.
Time begin_of(const Alert& alert) {
  if (!is_resolved(alert)) return alert.at;
  const bool is_known = alert.previous_since > Time{} && alert.previous_since < alert.at;
  return is_known ? alert.previous_since : alert.at - Duration(1);
}

}  // namespace

std::string alertmanager_alert(const config::Alertmanager& settings, const Alert& alert) {
  Json one;
  Json& labels = one["labels"];
  labels["alertname"] = is_about_credential(alert) ? "WindowsCredential"
                        : is_about_host(alert)     ? "WindowsHost"
                                                   : "WindowsService";
  // Case does not tell hosts and services apart, but it tells labels apart.
  labels["host"] = valid_utf8(alert.host.text());
  labels["service"] = valid_utf8(alert.service.text());
  labels["severity"] = to_string(alert.severity);
  for (const auto& [name, value] : settings.labels) labels[name] = valid_utf8(value);
  Json& annotations = one["annotations"];
  annotations["summary"] = sentence_about(alert);
  if (!alert.notice.empty()) annotations["notice"] = valid_utf8(alert.notice);
  annotations["kind"] = valid_utf8(kind_word(alert));
  annotations["state"] = status_word(alert);
  annotations["previous_state"] = previous_status_word(alert);
  annotations["display_name"] = valid_utf8(display_name(alert));
  if (const auto reason = reason_of(alert); !reason.empty())
    annotations["reason"] = valid_utf8(reason);
  one["startsAt"] = iso_time(begin_of(alert));
  one["endsAt"] = iso_time(is_resolved(alert) ? alert.at : alert.at + kFiresFor);
  return Json::array({std::move(one)}).dump();
}

void add_channels(const config::Alertmanager& settings, const ChannelDeps& deps, Destinations& to) {
  for (const auto& server : settings.servers) {
    to.alerts.push_back({.channel = std::make_unique<AlertmanagerChannel>(server, settings, deps),
                         .login = login_of(server).login(server.url, deps)});
  }
}

}  // namespace tocsin::notify
