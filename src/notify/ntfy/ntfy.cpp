#include "notify/ntfy/ntfy.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/group_text.h"
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

class NtfyChannel final : public GroupingChannel {
 public:
  NtfyChannel(const config::Ntfy& settings, const ChannelDeps& deps)
      : key_(channel_key("ntfy", settings.url + "\n" + settings.topic)),
        settings_(settings),
        secrets_(secrets_of(settings)),
        sender_(deps, deps.tls, login_of(settings)) {}

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::string group_of(const Alert& /*alert*/) const override { return "topic"; }
  [[nodiscard]] Message write(const Contents& contents, const DeliveryId& /*id*/) override {
    return {.text = ntfy_message(settings_, contents), .note = {}};
  }
  [[nodiscard]] bool is_sound(const Message& message) const override {
    return nlohmann::ordered_json::parse(message.text, nullptr, false).is_object();
  }
  net::awaitable<Answer> send(const Alert& /*first*/, const Message& message, const DeliveryId& id,
                              net::Deadline deadline) override {
    auto body = nlohmann::ordered_json::object({{"topic", settings_.topic}});
    body.update(nlohmann::ordered_json::parse(message.text));
    const auto response =
        co_await sender_.send(post_json(settings_.url, body.dump()), id, deadline);
    co_return judge(response, secrets_,
                    {.logs_in = login_of(settings_).logs_in(settings_.url), .success_text = ""});
  }

 private:
  static UrlSecrets secrets_of(const config::Ntfy& settings) {
    UrlSecrets secrets(settings.url);
    secrets.add(settings.topic);
    login_of(settings).hide_in(secrets);
    return secrets;
  }

  std::string key_;
  std::string name_ = "ntfy";
  config::Ntfy settings_;
  UrlSecrets secrets_;
  HttpSender sender_;
};

}  // namespace

std::string ntfy_message(const config::Ntfy& settings, const Contents& contents) {
  const bool is_group = contents.alerts.size() > 1;
  const Alert& worst = worst_of(contents);
  const auto group = is_group ? describe_group(contents, kNtfyRoom.lines) : GroupText{};
  nlohmann::ordered_json message;
  message["title"] =
      is_group ? ended(valid_utf8(group.title), kLongestTitle) : title_of(worst, kLongestTitle);
  message["message"] = ended(
      is_group ? plain_text(group) : with_notice(worst, sentence_about(worst, kLongestMessage)),
      kLongestMessage);
  message["priority"] = priority_of(settings, worst);
  auto& tags =
      message["tags"] = {fires_at_its_end(contents) ? "rotating_light" : "white_check_mark"};
  for (const auto& tag : settings.tags) tags.push_back(valid_utf8(tag));
  tags.push_back(is_group ? "group" : valid_utf8(kind_word(worst)));
  if (!settings.click.empty()) message["click"] = valid_utf8(settings.click);
  return message.dump();
}

void add_channels(const config::Ntfy& settings, const ChannelDeps& deps, Destinations& to) {
  to.alerts.push_back(
      {.channel = std::make_unique<NtfyChannel>(settings, deps),
       .rules = {.rate_limits = {.down = settings.rate_limit, .up = settings.rate_limit},
                 .parallel = 1,  // readers want them in order
                 .grouping = settings.grouping},
       .login = login_of(settings).login(settings.url, deps)});
}

}  // namespace tocsin::notify
