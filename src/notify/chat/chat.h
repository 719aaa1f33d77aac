// What Slack and Teams have in common: JSON that a template makes, posted to one webhook for firing
// alerts and another for resolved ones.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/chat_message.h"
#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// What is sent where no basic message is configured, and where a card cannot be made.
constexpr std::string_view kPlainMessage = "{{serviceFriendlyName}} {{event}} on {{host}}";

/// At most so many characters, as UTF-16 counts them; what is cut ends in an ellipsis.
[[nodiscard]] std::string cut_to(std::string text, std::size_t most);

class Chat : public Channel {
 public:
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  /// The id goes into the header Idempotency-Key. Ends within 10 seconds, connecting within 5.
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) override;

 protected:
  struct Kind {
    std::string key;      ///< "slack"
    std::string name;     ///< "Slack"
    std::string section;  ///< "slackNotification"
    std::string_view built_in;
  };
  Chat(const Kind& kind, const config::ChatMessage& stopped, const config::ChatMessage& started,
       const ChannelDeps& deps);

  /// What `write` makes of a text template.
  [[nodiscard]] virtual std::string from_text(const Alert& alert,
                                              const std::string& text) const = 0;
  /// Makes what a template has made, which is JSON, ready to be sent (Fit).
  [[nodiscard]] virtual std::optional<std::string> fit(const Alert& alert,
                                                       std::string& json) const = 0;
  /// The values of templates, as this chat needs them.
  [[nodiscard]] virtual std::string prepare(std::string values) const { return values; }
  [[nodiscard]] virtual Answer interpret(const Result<net::HttpResponse>& response,
                                         const UrlSecrets& secrets) const = 0;

 private:
  struct Side {
    std::string url;
    bool is_basic;
    MessageTemplate message;
    UrlSecrets secrets;
  };
  static Side make_side(const Kind& kind, std::string_view section,
                        const config::ChatMessage& settings);
  [[nodiscard]] const Side& side_of(const Alert& alert) const;
  [[nodiscard]] Message write(const Alert& alert) const;

  std::string key_;
  std::string name_;
  Side stopped_;
  Side started_;
  net::TlsOptions tls_;
  std::string user_agent_;
  net::HttpTransport& http_;
  Messages& messages_;
};

}  // namespace tocsin::notify
