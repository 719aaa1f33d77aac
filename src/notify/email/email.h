// Mails, one for each recipient (Butler 16, smtp/smtp_core.js and smtp/service_monitor.js).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/destinations/alert_sections.h"
#include "config/destinations/email_notification.h"
#include "net/smtp_client.h"
#include "notify/channel.h"
#include "notify/destination.h"
#include "notify/messages.h"

namespace tocsin::notify {

/// What the reply of a mail server means. Taken: Delivered. 5yz to the sender, the recipient or the
/// mail: Rejected. A login that is refused, or missing: LoginRefused, for which every alert waits
/// rather than getting lost. All else may change without us: RetryAfter - 4yz, no connection, a
/// certificate, 5yz on a connection that offered no login where one is configured.
[[nodiscard]] Answer judge_smtp(const Result<net::SmtpReply>& reply);

/// How the mails of one section are written.
struct MailTemplates {
  MessageTemplate subject;
  MessageTemplate html;
  // The same of a mail for several alerts.
  MessageTemplate group_subject;
  MessageTemplate group_html;

  MailTemplates(const config::EmailMessages& messages, config::AlertSection section);
};

/// What the mails to all recipients share. Messages and clock outlive it.
struct Mailing {
  Mailing(config::Email all, std::shared_ptr<net::SmtpTransport> transport,
          std::string tocsin_version, Messages& all_messages, const Clock& now);

  config::Email settings;
  std::shared_ptr<net::SmtpTransport> smtp;
  std::string version;  ///< of tocsin, for X-Mailer
  Messages& messages;
  const Clock& clock;
  /// What holds for the mails of a section, and how they are written.
  struct Section {
    config::EmailMessages messages;
    MailTemplates templates;
  };
  std::vector<Section> sections;  ///< by AlertSection
  MessageTemplate text;           ///< for those who do not read HTML
  MessageTemplate group_text;

  [[nodiscard]] const Section& of(config::AlertSection section) const;
};

/// The recipient as the sections write it, by AlertSection; one of them at least.
using MailRecipient = std::array<std::optional<config::Mailbox>, 4>;

class Email final : public GroupingChannel {
 public:
  Email(std::shared_ptr<const Mailing> mailing, MailRecipient recipient);

  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool wants(const Alert& alert) const override;
  [[nodiscard]] std::vector<config::AlertSection> sections() const override;
  [[nodiscard]] std::string group_of(const Alert& alert) const override;
  /// The whole mail, with its Date. The Message-ID is made of the id: who gets the mail twice can
  /// tell.
  [[nodiscard]] Message write(const Contents& contents, const DeliveryId& id) override;
  [[nodiscard]] bool is_sound(const Message& mail) const override;
  net::awaitable<Answer> send(const Alert& first, const Message& mail, const DeliveryId& id,
                              net::Deadline deadline) override;

  /// The section whose sender and recipient a mail about the alert has: the alert's own. A mail
  /// that nobody wants any more (it waited while the configuration changed) goes as another one
  /// says.
  [[nodiscard]] config::AlertSection section_for(const Alert& alert) const;

 private:
  [[nodiscard]] const std::optional<config::Mailbox>& recipient(config::AlertSection section) const;

  std::shared_ptr<const Mailing> mailing_;
  MailRecipient recipient_;
  std::string key_;
  std::string name_;
};

/// Everybody who is a recipient in one or more of the sections, once.
[[nodiscard]] std::vector<MailRecipient> recipients_of(const config::Email& settings);

void add_channels(const config::Email& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
