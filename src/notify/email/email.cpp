#include "notify/email/email.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/substitution.h"
#include "notify/built_in.h"
#include "notify/email/mime.h"
#include "notify/group_text.h"
#include "notify/sections.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

/// Bytes of the mail server's reply that a reason quotes.
constexpr std::size_t kMostWords = 200;

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
          .read_secret = token && !smtp.token_file.empty()
                             ? config::secret_reader(smtp.token_file, config::SecretForm::token)
                             : nullptr};
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

Login login_gate_of(const config::Smtp& smtp, const ChannelDeps& deps) {
  const auto login = login_of(smtp);
  if (login.method == net::SmtpLogin::Method::none) return {};
  const auto server = smtp.host + ":" + std::to_string(smtp.port);
  return {.gate = &login_gate(
              deps.logins,
              {.kind = "email",
               .server = server,
               .user = login.user,
               .secret = login.read_secret ? login.read_secret().value_or(Secret()) : login.secret,
               .read_secret = login.read_secret})};
}

/// A subject is one line that mail programs can show.
std::optional<std::string> make_subject(std::string& text) {
  constexpr std::size_t kLongest = 500;
  constexpr std::string_view kBlank = " \t\r\n";
  text.erase(text.find_last_not_of(kBlank) + 1);
  text.erase(0, text.find_first_not_of(kBlank));
  if (text.empty()) return "is empty";
  if (text.size() <= kLongest) return std::nullopt;
  text.resize(cut_utf8(text, kLongest).size());
  text += "\u2026";
  return std::nullopt;
}

MessageTemplate built_in_only(render::Format format, std::string_view text) {
  return {.configured = {},
          .name = {},
          .built_in = render::Template::from_text(format, std::string(text))};
}

constexpr std::string_view kSubject = "{{title}}";

/// By AlertSection.
constexpr std::array kMailSections = {config::AlertSection::stopped, config::AlertSection::started,
                                      config::AlertSection::other_firing,
                                      config::AlertSection::other_resolved};

/// As the first section that has the recipient writes it.
config::Mailbox mailbox_of(const MailRecipient& recipient) {
  const auto* found =
      std::ranges::find_if(recipient, [](const auto& mailbox) { return mailbox.has_value(); });
  return found == recipient.end() ? config::Mailbox{} : found->value_or(config::Mailbox{});
}

std::string joined_notes(std::string first, const std::string& second) {
  if (!first.empty() && !second.empty()) first += "; ";
  return first + second;
}

std::string escaped_for_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// Puts the alert's notice before all else that the body shows, whoever has written it.
std::string with_notice_in_html(const Alert& alert, std::string html) {
  if (alert.notice.empty()) return html;
  std::size_t at = html.find("<body");
  if (at != std::string::npos) at = html.find('>', at);
  html.insert(at == std::string::npos ? 0 : at + 1,
              "\n<p>" + escaped_for_html(valid_utf8(alert.notice)) + "</p>");
  return html;
}

}  // namespace

MailTemplates::MailTemplates(const config::EmailMessages& messages, config::AlertSection section)
    : subject(built_in_only(render::Format::text, kSubject)),
      html(built_in_only(render::Format::html, built_in::kMailHtml)),
      group_subject(built_in_only(render::Format::text, kSubject)),
      group_html(built_in_only(render::Format::html, built_in::kMailGroupHtml)) {
  subject.configured = render::Template::from_text(render::Format::text, messages.subject);
  subject.name = fmt::format("emailNotification.{}.subject", key_of(section));
  html.configured = render::Template::from_file(render::Format::html, messages.body_file);
  group_subject.configured =
      render::Template::from_text(render::Format::text, messages.group_subject);
  group_subject.name = fmt::format("emailNotification.{}.groupSubject", key_of(section));
  group_html.configured =
      render::Template::from_file(render::Format::html, messages.group_body_file);
}

Mailing::Mailing(config::Email all, std::shared_ptr<net::SmtpTransport> transport,
                 std::string tocsin_version, Messages& all_messages, const Clock& now)
    : settings(std::move(all)),
      smtp(std::move(transport)),
      version(std::move(tocsin_version)),
      messages(all_messages),
      clock(now),
      text(built_in_only(render::Format::text, built_in::kMailText)),
      group_text(built_in_only(render::Format::text, built_in::kGroupText)) {
  for (const auto section : kMailSections) {
    auto of_section = config::message_of(settings, section);
    MailTemplates templates(of_section, section);
    sections.push_back({std::move(of_section), std::move(templates)});
  }
}

const Mailing::Section& Mailing::of(config::AlertSection section) const {
  return sections.at(static_cast<std::size_t>(section));
}

Answer judge_smtp(const Result<net::SmtpReply>& reply) {
  if (!reply) return RetryAfter{.after = {}, .reason = printable(reply.error().what)};
  const std::string words = words_of(*reply);
  if (reply->accepted()) return Delivered{.detail = words};
  if (reply->lacks_login && reply->code / 100 == 5) {
    return RetryAfter{.after = {},
                      .reason = fmt::format("{} was refused: {}; the server offered no login here, "
                                            "though `emailNotification.smtp.auth` is set",
                                            to_string(reply->phase), words)};
  }
  if (is_about_login(*reply)) {
    return LoginRefused{.reason =
                            "the mail server refuses the login, and no mail can be sent until "
                            "`emailNotification.smtp.auth` is right: " +
                            words};
  }
  std::string reason = fmt::format("{} was refused: {}", to_string(reply->phase), words);
  const bool of_this_mail = reply->phase >= net::SmtpPhase::sender;
  if (of_this_mail && reply->code / 100 == 5) {
    const bool is_content = reply->phase == net::SmtpPhase::data;
    return Rejected{
        .reason = std::move(reason),
        .refuses = is_content ? Rejected::Refuses::content : Rejected::Refuses::everything};
  }
  return RetryAfter{
      .after = {}, .reason = std::move(reason), .logged_in = of_this_mail && !reply->lacks_login};
}

std::vector<MailRecipient> recipients_of(const config::Email& settings) {
  std::vector<MailRecipient> recipients;
  std::map<std::string, std::size_t> places;
  for (std::size_t section = 0; section < kMailSections.size(); section++) {
    for (const auto& mailbox : config::message_of(settings, kMailSections.at(section)).recipients) {
      const auto [place, fresh] = places.try_emplace(mailbox_key(mailbox), recipients.size());
      if (fresh) recipients.emplace_back();
      recipients[place->second].at(section) = mailbox;
    }
  }
  return recipients;
}

Email::Email(std::shared_ptr<const Mailing> mailing, MailRecipient recipient)
    : mailing_(std::move(mailing)), recipient_(std::move(recipient)) {
  const config::Mailbox mailbox = mailbox_of(recipient_);
  key_ = channel_key("email", mailbox_key(mailbox));
  name_ = "email to " + mailbox.address;
}

const std::optional<config::Mailbox>& Email::recipient(config::AlertSection section) const {
  return recipient_.at(static_cast<std::size_t>(section));
}

bool Email::wants(const Alert& alert) const { return recipient(section_of(alert)).has_value(); }

std::vector<config::AlertSection> Email::sections() const {
  using enum config::AlertSection;
  std::vector<config::AlertSection> sections;
  for (const auto section : {stopped, started, other_firing}) {
    const bool is_there = section != other_firing || mailing_->settings.other_firing;
    if (is_there && recipient(section)) sections.push_back(section);
  }
  return sections;
}

config::AlertSection Email::section_for(const Alert& alert) const {
  const auto section = section_of(alert);
  if (recipient(section)) return section;
  const auto* other = std::ranges::find_if(
      kMailSections, [this](auto candidate) { return recipient(candidate).has_value(); });
  return other == kMailSections.end() ? section : *other;
}

std::string Email::group_of(const Alert& alert) const {
  const auto section = section_for(alert);
  const auto& [settings, templates] = mailing_->of(section);
  // A template that was written for one service cannot say anything of several.
  if (templates.html.is_configured() && !templates.group_html.is_configured()) return {};
  return settings.from.address;
}

Message Email::write(const Contents& contents, const DeliveryId& id) {
  Alert head = worst_of(contents);
  const auto section = section_for(head);
  const auto& [settings, templates] = mailing_->of(section);
  const bool is_group = contents.alerts.size() > 1;
  Messages& messages = mailing_->messages;
  std::string values;
  std::string plain;  // where no template can be rendered
  if (is_group) {
    const auto text = describe_group(contents, kMailRoom.lines);
    head.notice = text.notice;
    values = group_values(contents, text, messages.urls());
    plain = text.title + "\n\n" + plain_text(text);
  } else {
    values = messages.values(head);
  }
  const Message subject =
      messages.write(is_group ? templates.group_subject : templates.subject, values, make_subject);
  const Message html = messages.write(is_group ? templates.group_html : templates.html, values);
  Message text = messages.write(is_group ? mailing_->group_text : mailing_->text, values);
  if (text.text.empty()) text.text = std::move(plain);
  std::vector<std::pair<std::string, std::string>> headers{
      {"X-Mailer", "tocsin/" + mailing_->version},
      {"X-Tocsin-Event", is_group ? "group" : std::string(kind_word(head))},
      {"X-Tocsin-Host", head.host.text()}};
  if (!is_group) {
    headers.emplace_back("X-Tocsin-Service", head.service.text());
    headers.emplace_back("X-Tocsin-Alert", head.id.value);
  }
  headers.emplace_back("X-Tocsin-Delivery", id.value);
  return {.text = write_mail({.from = settings.from,
                              .to = recipient(section).value_or(config::Mailbox{}),
                              .subject = subject.text,
                              .text = with_notice(head, text.text),
                              .html = with_notice_in_html(head, html.text),
                              .date = mailing_->clock.now(),
                              .id = id.value + ".tocsin",
                              .priority = settings.priority,
                              .headers = std::move(headers)}),
          .note = joined_notes(subject.note, html.note)};
}

bool Email::is_sound(const Message& mail) const {
  return mail.text.starts_with("From: ") && mail.text.contains("\r\n\r\n");
}

net::awaitable<Answer> Email::send(const Alert& first, const Message& mail,
                                   const DeliveryId& /*id*/, net::Deadline deadline) {
  const auto to = section_for(first);
  net::SmtpMessage message{.sender = mailing_->of(to).messages.from.address,
                           .recipient = recipient(to).value_or(config::Mailbox{}).address,
                           .data = mail.text};
  co_return noted(judge_smtp(co_await mailing_->smtp->send(std::move(message), deadline)),
                  mail.note);
}

void add_channels(const config::Email& settings, const ChannelDeps& deps, Destinations& to) {
  const auto recipients = recipients_of(settings);
  if (recipients.empty()) return;
  const auto mailing = std::make_shared<const Mailing>(
      settings, std::make_shared<net::SmtpClient>(deps.executor, server_of(settings.smtp)),
      deps.version, deps.messages, deps.clock);
  for (const auto& section : mailing->sections) {
    deps.messages.expect(section.templates.subject);
    deps.messages.expect(section.templates.html);
    deps.messages.expect(section.templates.group_subject);
    deps.messages.expect(section.templates.group_html);
  }
  const auto login = login_gate_of(settings.smtp, deps);
  for (const MailRecipient& recipient : recipients) {
    to.alerts.push_back({.channel = std::make_unique<Email>(mailing, recipient),
                         .rules = {.rate_limits = rate_limits_of(settings),
                                   .parallel = net::SmtpClient::kMostConnections,
                                   .grouping = settings.grouping},
                         .login = login,
                         .label = mailbox_of(recipient).address});
  }
}

}  // namespace tocsin::notify
