// What Slack and Teams have in common: JSON that a template makes, posted to the webhook of a
// section.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/destinations/alert_sections.h"
#include "config/destinations/chat_message.h"
#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/group_text.h"
#include "notify/http_channel.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// What is sent where no basic message is configured, and where a card cannot be made.
constexpr std::string_view kPlainMessage = "{{title}}";

/// At most so many characters, as UTF-16 counts them; what is cut ends in an ellipsis.
[[nodiscard]] std::string cut_to(std::string text, std::size_t most);

/// The body of a request, of a value of nlohmann's. Invalid UTF-8 in the configuration must not
/// stop an alert.
template <typename Json>
[[nodiscard]] std::string dump_body(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Chat : public GroupingChannel {
 public:
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  [[nodiscard]] std::vector<config::AlertSection> sections() const override;
  /// The webhook, and what else decides where a message appears and who seems to have sent it.
  [[nodiscard]] std::string group_of(const Alert& alert) const override;
  /// The body of a request.
  [[nodiscard]] Message write(const Contents& contents, const DeliveryId& id) override;
  [[nodiscard]] bool is_sound(const Message& message) const override;
  net::awaitable<Answer> send(const Alert& first, const Message& message, const DeliveryId& id,
                              net::Deadline deadline) override;

 protected:
  struct Kind {
    std::string key;      ///< "slack"
    std::string name;     ///< "Slack"
    std::string section;  ///< "slackNotification"
    std::string_view built_in;
    std::string_view built_in_group;
    GroupRoom room;
  };
  /// `settings` are those of a Slack or Teams.
  template <typename Settings>
  Chat(const Kind& kind, const Settings& settings, const ChannelDeps& deps)
      : Chat(kind,
             {config::message_of(settings, config::AlertSection::stopped),
              config::message_of(settings, config::AlertSection::started),
              config::message_of(settings, config::AlertSection::other_firing),
              config::message_of(settings, config::AlertSection::other_resolved)},
             settings.other_firing.has_value(), deps) {}

  /// The body that shows a text below the alert's notice, where it has one.
  [[nodiscard]] virtual std::string from_text(const Alert& alert,
                                              const std::string& text) const = 0;
  /// Makes what a template has made, which is JSON, ready to be sent (Fit): with the alert's
  /// notice, where it has one, and within the limits of the chat.
  [[nodiscard]] virtual std::optional<std::string> fit(const Alert& alert,
                                                       std::string& json) const = 0;
  /// Besides its URL, what makes the address of alerts of a section.
  [[nodiscard]] virtual std::string address_of(config::AlertSection /*section*/) const {
    return {};
  }
  /// The values of templates, as this chat needs them.
  [[nodiscard]] virtual std::string prepare(std::string values) const { return values; }
  [[nodiscard]] virtual Answer interpret(const Result<net::HttpResponse>& response,
                                         const UrlSecrets& secrets) const = 0;

 private:
  using Sections = std::array<config::ChatMessage, 4>;  ///< by AlertSection
  struct Side {
    std::string url;
    bool is_basic;
    MessageTemplate message;
    MessageTemplate group;
    UrlSecrets secrets;
  };
  Chat(const Kind& kind, const Sections& sections, bool has_other, const ChannelDeps& deps);
  static Side make_side(const Kind& kind, config::AlertSection section,
                        const config::ChatMessage& settings);
  [[nodiscard]] const Side& side_of(config::AlertSection section) const;
  /// What a message is made of, in the order in which it is tried.
  struct Sources {
    const MessageTemplate& form;  ///< the chat's own, or of a text
    std::string_view plain;       ///< the template of a text
    std::string unrendered;       ///< where no template can be rendered
  };
  /// `raw_values` are those of the templates; `head` has the notice, and says which section it is.
  [[nodiscard]] Message make(const Alert& head, const Sources& sources,
                             const std::string& raw_values) const;

  std::string key_;
  std::string name_;
  std::vector<Side> sides_;  ///< by AlertSection
  bool has_other_;           ///< the file has `otherAlerts`
  GroupRoom room_;
  HttpSender http_;
  Messages& messages_;
};

}  // namespace tocsin::notify
