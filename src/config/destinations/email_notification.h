// Alerts as mails.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/names.h"
#include "base/words.h"
#include "config/destinations/alert_sections.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/grouping.h"
#include "config/destinations/mailbox.h"

namespace tocsin::config {

enum class MailPriority : std::uint8_t { high, normal, low };
consteval auto table_of(MailPriority) {
  using enum MailPriority;
  return std::array{Word{high, "high"}, Word{normal, "normal"}, Word{low, "low"}};
}

/// What is sent of one kind of change, and to whom.
struct EmailMessages {
  std::chrono::seconds rate_limit{0};
  MailPriority priority = MailPriority::normal;
  std::string subject;          ///< a template; empty: the built-in one
  std::string body_file;        ///< a template that makes HTML; empty: the built-in one
  std::string group_subject;    ///< the same of a mail for several alerts
  std::string group_body_file;  ///< the same of a mail for several alerts
  Mailbox from;
  std::vector<Mailbox> recipients;  ///< each once
};

/// The same mails with the built-in texts.
[[nodiscard]] inline EmailMessages without_texts(EmailMessages messages) {
  messages.subject.clear();
  messages.body_file.clear();
  messages.group_subject.clear();
  messages.group_body_file.clear();
  return messages;
}

enum class SmtpSecurity : std::uint8_t {
  implicit_tls,
  starttls_offered,
  starttls_required,
  never,
};

enum class SmtpLoginType : std::uint8_t { login, xoauth2 };
consteval auto table_of(SmtpLoginType) {
  using enum SmtpLoginType;
  return std::array{Word{login, "login"}, Word{xoauth2, "xoauth2"}};
}

struct Smtp {
  std::string host;
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls_offered;
  std::string server_name;  ///< empty: the host
  std::string ca_file;      ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
  bool logs_in = false;
  SmtpLoginType login_type = SmtpLoginType::login;
  std::string user;
  Secret secret;            ///< the password or the token
  std::string token_file;   ///< where the token is instead, read at each login
  std::string client_name;  ///< in EHLO; empty: this machine's
};

struct Email {
  static constexpr DestinationType kType{.id = "email",
                                         .name = "email",
                                         .section = "emailNotification",
                                         .description = "Alerts as mails."};

  bool enabled = false;
  EmailMessages stopped;
  EmailMessages started;
  // As message_of() answers them.
  std::optional<EmailMessages> other_firing;
  std::optional<EmailMessages> other_resolved;
  Smtp smtp;
  Grouping grouping;

  /// The addresses of all recipients.
  [[nodiscard]] std::vector<std::string> labels() const;
};

void read_settings(Section& section, bool wanted, Email& email);

}  // namespace tocsin::config
