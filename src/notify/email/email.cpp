#include "notify/email/email.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "notify/email/mime.h"

namespace tocsin::notify {
namespace {

/// Of the mail server's words, in bytes.
constexpr std::size_t kMostWords = 200;
/// After a refused login. As long as the longest backoff: whoever has corrected a password need not
/// wait for longer than after other failures.
constexpr std::chrono::seconds kLoginPause = std::chrono::minutes(5);

bool is_about_login(const net::SmtpReply& reply) {
  // RFC 4954, 6: a login is required, its mechanism too weak, its credentials wrong, not encrypted.
  const bool wanted =
      reply.code == 530 || reply.code == 534 || reply.code == 535 || reply.code == 538;
  return wanted || (reply.phase == net::SmtpPhase::login && reply.code / 100 != 4);
}

std::string words_of(const net::SmtpReply& reply) {
  std::string words = std::to_string(reply.code);
  if (!reply.text.empty()) words += " " + reply.text;
  return printable(words, kMostWords);
}

net::SmtpSecurity security_of(config::SmtpSecurity security) {
  switch (security) {
    case config::SmtpSecurity::implicit_tls:
      return net::SmtpSecurity::implicit_tls;
    case config::SmtpSecurity::starttls_offered:
      return net::SmtpSecurity::starttls_offered;
    case config::SmtpSecurity::starttls_required:
      return net::SmtpSecurity::starttls_required;
    case config::SmtpSecurity::never:
      return net::SmtpSecurity::never;
  }
  return net::SmtpSecurity::starttls_required;
}

net::SmtpLogin login_of(const config::Smtp& smtp) {
  if (!smtp.logs_in) return {};
  const bool token = smtp.login_type == config::SmtpLoginType::xoauth2;
  return {.method = token ? net::SmtpLogin::Method::token : net::SmtpLogin::Method::password,
          .user = smtp.user,
          .secret = smtp.secret,
          .secret_file = token ? smtp.token_file : ""};
}

net::SmtpServer server_of(const config::Smtp& smtp) {
  return {.host = smtp.host,
          .port = smtp.port,
          .security = security_of(smtp.security),
          .server_name = smtp.server_name,
          .tls = {.ca_file = smtp.ca_file, .verify = smtp.reject_unauthorized},
          .login = login_of(smtp),
          .client_name = smtp.client_name};
}

}  // namespace

Answer judge_smtp(const Result<net::SmtpReply>& reply) {
  if (!reply) return RetryAfter{.after = {}, .reason = printable(reply.error().what)};
  const std::string words = words_of(*reply);
  if (reply->accepted()) return Delivered{.detail = words};
  if (is_about_login(*reply)) {
    return RetryAfter{.after = kLoginPause,
                      .reason =
                          "the mail server refuses the login, and no mail can be sent until "
                          "`emailNotification.smtp.auth` is right: " +
                          words};
  }
  std::string reason = fmt::format("{} was refused: {}", to_string(reply->phase), words);
  const bool of_this_mail =
      reply->phase != net::SmtpPhase::greeting && reply->phase != net::SmtpPhase::login;
  if (of_this_mail && reply->code / 100 == 5) return Rejected{.reason = std::move(reason)};
  return RetryAfter{.after = {}, .reason = std::move(reason)};
}

std::vector<MailRecipient> recipients_of(const config::Email& settings) {
  std::vector<MailRecipient> recipients;
  std::map<std::string, std::size_t> places;
  const auto add = [&](const std::vector<config::Mailbox>& mailboxes,
                       std::optional<config::Mailbox> MailRecipient::* member) {
    for (const config::Mailbox& mailbox : mailboxes) {
      const auto [place, fresh] = places.try_emplace(mailbox_key(mailbox), recipients.size());
      if (fresh) recipients.emplace_back();
      recipients[place->second].*member = mailbox;
    }
  };
  add(settings.stopped.recipients, &MailRecipient::stopped);
  add(settings.started.recipients, &MailRecipient::started);
  return recipients;
}

Email::Email(std::shared_ptr<const Mailing> mailing, MailRecipient recipient)
    : mailing_(std::move(mailing)), recipient_(std::move(recipient)) {
  const config::Mailbox& mailbox =
      recipient_.stopped ? *recipient_.stopped : recipient_.started.value();
  key_ = channel_key("email", mailbox_key(mailbox));
  name_ = "email to " + mailbox.address;
}

bool Email::wants(const Alert& alert) const {
  return (is_up(alert) ? recipient_.started : recipient_.stopped).has_value();
}

bool Email::as_started(const Alert& alert) const { return wants(alert) == is_up(alert); }

std::string Email::write(const Alert& alert, const DeliveryId& id) const {
  const bool started = as_started(alert);
  const config::EmailMessages& messages =
      started ? mailing_->settings.started : mailing_->settings.stopped;
  const auto to = started ? recipient_.started : recipient_.stopped;
  return write_mail({.from = messages.from,
                     .to = to.value_or(config::Mailbox{}),
                     .subject = "",
                     .text = "",
                     .html = "",
                     .date = mailing_->clock->now(),
                     .id = id.value + ".tocsin",
                     .priority = messages.priority,
                     .headers = {{"X-Mailer", "tocsin/" + mailing_->version},
                                 {"X-Tocsin-Event", std::string(to_string(alert.kind))},
                                 {"X-Tocsin-Host", alert.host.text()},
                                 {"X-Tocsin-Service", alert.service.text()},
                                 {"X-Tocsin-Alert", alert.id.value},
                                 {"X-Tocsin-Delivery", id.value}}});
}

net::awaitable<Answer> Email::deliver(const Alert& alert, const DeliveryId& id,
                                      net::Deadline deadline) {
  const bool started = as_started(alert);
  const auto& settings = mailing_->settings;
  const auto to = started ? recipient_.started : recipient_.stopped;
  net::SmtpMessage message{.sender = (started ? settings.started : settings.stopped).from.address,
                           .recipient = to.value_or(config::Mailbox{}).address,
                           .data = write(alert, id)};
  const auto reply = co_await mailing_->smtp->send(std::move(message), deadline);
  co_return judge_smtp(reply);
}

void add_email(const config::Email& settings, const Means& means, std::vector<Destination>& to) {
  const auto recipients = recipients_of(settings);
  if (!settings.enabled || recipients.empty()) return;
  const auto mailing = std::make_shared<const Mailing>(
      Mailing{.settings = settings,
              .smtp = std::make_shared<net::SmtpClient>(means.executor, server_of(settings.smtp)),
              .version = means.version});
  for (const MailRecipient& recipient : recipients) {
    to.push_back({.channel = std::make_unique<Email>(mailing, recipient),
                  .rules = {.rate_limits = {.down = settings.stopped.rate_limit,
                                            .up = settings.started.rate_limit},
                            .parallel = net::SmtpClient::kMostConnections}});
  }
}

}  // namespace tocsin::notify
