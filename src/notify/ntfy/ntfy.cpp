#include "notify/ntfy/ntfy.h"

#include <memory>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/http_channel.h"
#include "notify/http_login.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

/// Defaults of ntfy's server.
constexpr std::size_t kLongestMessage = 4096;
constexpr std::size_t kLongestTitle = 250;

unsigned priority_of(const config::Ntfy& settings, const Alert& alert) {
  constexpr unsigned kNormal = 3;
  if (settings.priority != 0) return settings.priority;
  return is_resolved(alert) ? kNormal : kNormal + static_cast<unsigned>(alert.severity);
}

HttpLogin login_of(const config::Ntfy& settings) {
  if (settings.username.empty()) return {.user = "", .secret = settings.token};
  return {.user = settings.username, .secret = settings.password};
}

class NtfyChannel final : public HttpChannel {
 public:
  NtfyChannel(const config::Ntfy& settings, const ChannelDeps& deps)
      : HttpChannel(channel_key("ntfy", settings.url + "\n" + settings.topic), "ntfy",
                    secrets_of(settings), deps.tls, deps, login_of(settings).logs_in(settings.url)),
        settings_(settings),
        authorization_(login_of(settings).authorization()) {}

 private:
  static UrlSecrets secrets_of(const config::Ntfy& settings) {
    UrlSecrets secrets(settings.url);
    secrets.add(settings.topic);
    login_of(settings).hide_in(secrets);
    return secrets;
  }

  [[nodiscard]] net::HttpRequest request_for(const Alert& alert) const override {
    auto request = post_json(settings_.url, ntfy_message(settings_, alert));
    if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
    return request;
  }

  config::Ntfy settings_;
  std::string authorization_;
};

}  // namespace

std::string ntfy_message(const config::Ntfy& settings, const Alert& alert) {
  nlohmann::ordered_json message;
  message["topic"] = settings.topic;
  message["title"] = shortened(valid_utf8(title_of(alert)), kLongestTitle);
  message["message"] = shortened(with_notice(alert, sentence_about(alert)), kLongestMessage);
  message["priority"] = priority_of(settings, alert);
  auto& tags = message["tags"] = {is_resolved(alert) ? "white_check_mark" : "rotating_light"};
  for (const auto& tag : settings.tags) tags.push_back(valid_utf8(tag));
  tags.push_back(valid_utf8(kind_word(alert)));
  if (!settings.click.empty()) message["click"] = valid_utf8(settings.click);
  return message.dump();
}

void add_channels(const config::Ntfy& settings, const ChannelDeps& deps, Destinations& to) {
  to.alerts.push_back(
      {.channel = std::make_unique<NtfyChannel>(settings, deps),
       .rules = {.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit},
                 .parallel = 1},  // readers want them in order
       .login = login_of(settings).login(settings.url, deps)});
}

}  // namespace tocsin::notify
