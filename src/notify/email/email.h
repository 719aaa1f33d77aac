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

namespace tocsin::notify {

/// What the reply of a mail server means. Taken: Delivered. 5yz to the sender, the recipient or the
/// mail: Rejected. All else may change without us: RetryAfter - 4yz, no connection, a certificate,
/// and a login that is refused, for which every alert waits rather than getting lost, but with long
/// breaks, because servers lock accounts.
[[nodiscard]] Answer judge_smtp(const Result<net::SmtpReply>& reply);

/// What the mails to all recipients share.
struct Mailing {
  config::Email settings;
  std::shared_ptr<net::SmtpTransport> smtp;
  std::string version;  ///< of tocsin, for X-Mailer
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
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

  /// The bytes that deliver() sends.
  [[nodiscard]] std::string write(const Alert& alert, const DeliveryId& id) const;

 private:
  /// Of the section that the alert belongs to; a mail that nobody wants any more (a test, or one
  /// that waited while the configuration changed) goes as the other section says.
  [[nodiscard]] bool as_started(const Alert& alert) const;

  std::shared_ptr<const Mailing> mailing_;
  MailRecipient recipient_;
  std::string key_;
  std::string name_;
};

/// Everybody who is a recipient in one of the sections or both, once.
[[nodiscard]] std::vector<MailRecipient> recipients_of(const config::Email& settings);

void add_email(const config::Email& settings, const Means& means, std::vector<Destination>& to);

}  // namespace tocsin::notify
