// What Slack and Teams have in common: JSON that a template makes, posted to one webhook for firing
// alerts and another for resolved ones.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/alert_sections.h"
#include "config/chat_message.h"
#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// What is sent where no basic message is configured, and where a card cannot be made.
constexpr std::string_view kPlainMessage = "{{title}}";

/// At most so many characters, as UTF-16 counts them; what is cut ends in an ellipsis.
[[nodiscard]] std::string cut_to(std::string text, std::size_t most);

class Chat : public Channel {
 public:
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  [[nodiscard]] std::vector<config::AlertSection> sections() const override;
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) override;

  /// The body of a request that says this, and what is to be noted about it.
  [[nodiscard]] Message make(const Alert& alert) const;
  /// Posts such a body to the webhook of the section. The id goes into the header Idempotency-Key.
  /// Ends within 10 seconds, connecting within 5.
  net::awaitable<Answer> send(std::string body, config::AlertSection to, const DeliveryId& id,
                              net::Deadline deadline);

 protected:
  struct Kind {
    std::string key;      ///< "slack"
    std::string name;     ///< "Slack"
    std::string section;  ///< "slackNotification"
    std::string_view built_in;
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
    UrlSecrets secrets;
  };
  Chat(const Kind& kind, const Sections& sections, bool has_other, const ChannelDeps& deps);
  static Side make_side(const Kind& kind, config::AlertSection section,
                        const config::ChatMessage& settings);
  [[nodiscard]] const Side& side_of(config::AlertSection section) const;

  std::string key_;
  std::string name_;
  std::vector<Side> sides_;  ///< by AlertSection
  bool has_other_;           ///< the file has `otherAlerts`
  net::TlsOptions tls_;
  std::string user_agent_;
  net::HttpTransport& http_;
  Messages& messages_;
};

}  // namespace tocsin::notify
