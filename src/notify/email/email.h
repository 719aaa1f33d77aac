// Mails, one for each recipient (Butler 16, smtp/smtp_core.js and smtp/service_monitor.js).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/email_notification.h"
#include "net/smtp_client.h"
#include "notify/channel.h"
#include "notify/destination.h"
#include "notify/messages.h"

namespace tocsin::notify {

/// What the reply of a mail server means. Taken: Delivered. 5yz to the sender, the recipient or the
/// mail: Rejected. A login that is refused, or missing: LoginRefused, for which every alert waits
/// rather than getting lost. All else may change without us: RetryAfter - 4yz, no connection, a
/// certificate.
[[nodiscard]] Answer judge_smtp(const Result<net::SmtpReply>& reply);

/// How the mails of one section are written.
struct MailTemplates {
  MessageTemplate subject;
  MessageTemplate html;

  /// `section` is what the user calls it: "serviceStopped".
  MailTemplates(const config::EmailMessages& messages, const std::string& section);
};

/// What the mails to all recipients share. The messages outlive it.
struct Mailing {
  Mailing(config::Email all, std::shared_ptr<net::SmtpTransport> transport,
          std::string tocsin_version, Messages& all_messages,
          std::shared_ptr<const Clock> now = std::make_shared<SystemClock>());

  config::Email settings;
  std::shared_ptr<net::SmtpTransport> smtp;
  std::string version;  ///< of tocsin, for X-Mailer
  Messages& messages;
  std::shared_ptr<const Clock> clock;
  MailTemplates stopped;
  MailTemplates started;
  MessageTemplate text;  ///< for those who do not read HTML
};

/// The recipient as the sections write it; one of them at least.
struct MailRecipient {
  std::optional<config::Mailbox> stopped;
  std::optional<config::Mailbox> started;
};

class Email final : public Channel {
 public:
  Email(std::shared_ptr<const Mailing> mailing, MailRecipient recipient);

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  /// The Message-ID is made of the id: who gets the mail twice can tell.
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) override;

 private:
  std::shared_ptr<const Mailing> mailing_;
  MailRecipient recipient_;
  std::string key_;
  std::string name_;
};

/// Everybody who is a recipient in one of the sections or both, once.
[[nodiscard]] std::vector<MailRecipient> recipients_of(const config::Email& settings);

void add_channels(const config::Email& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
