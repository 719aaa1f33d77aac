#include "config/destinations/email_notification.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/pem_files.h"
#include "config/destinations/read_alert_sections.h"
#include "config/section/addresses.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kObeyed =
    "Has an effect. Butler ignores it and uses STARTTLS if the server offers it.";

constexpr std::uint16_t kPlainPort = 25;
constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kTlsPort = 465;

std::optional<std::string> check_client_name(const std::string& text) {
  const bool right = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:[]").contains(c);
  });
  if (!right) return "must be a host name, or an address in brackets";
  return std::nullopt;
}

void read_recipients(Section& section, KeysOf keys, std::vector<Mailbox>& recipients) {
  std::vector<PlacedText> texts;
  const auto place = section.text_items(
      {.name = "recipients",
       .writing = Writing::title,
       .description = "Recipients. Each gets a separate mail, and only one even if listed twice.",
       .example = "[ops@example.com, 'On call <duty@example.com>']",
       .otherwise = default_of(keys, "")},
      texts, [](const PlacedText& entry) -> std::optional<std::string> {
        const auto mistake = check_mailbox(entry.text);
        if (!mistake) return std::nullopt;
        return fmt::format("`recipients`: `{}` {}", printable(entry.text, 64), *mistake);
      });
  if (place) recipients.clear();
  for (const auto& text : texts) {
    auto mailbox = parse_mailbox(text.text).value_or(Mailbox{});
    const auto is_same = [&](const Mailbox& other) {
      return mailbox_key(other) == mailbox_key(mailbox);
    };
    if (std::ranges::none_of(recipients, is_same)) recipients.push_back(std::move(mailbox));
  }
}

void read_from(Section& section, KeysOf keys, EmailMessages& messages) {
  std::string written;
  auto place = section.text(
      {.name = "fromAddress",
       .writing = Writing::title,
       .description = "Sender of the mails. The mail server must accept it for this login.",
       .example = "Services <tocsin@example.com>",
       .otherwise = default_of(keys, "required if there are recipients")},
      written, check_mailbox);
  std::string older;
  const auto older_place =
      section.text({.name = "fromAdress",
                    .writing = Writing::title,
                    .description = "Older spelling of `fromAddress`, as in Butler files.",
                    .example = "tocsin@example.com"},
                   older, check_mailbox);
  if (!place && older_place) {
    place = older_place;
    written = std::move(older);
  }
  if (place) {
    messages.from = parse_mailbox(written).value_or(Mailbox{});
  } else if (!messages.recipients.empty() && messages.from.address.empty() &&
             !section.has("fromAddress") && !section.has("fromAdress")) {
    section.error(section.place(), "the key `fromAddress` is missing");
  }
}

std::string read_body_directory(Section& section) {
  std::string directory;
  section.text({.name = "bodyFileDirectory",
                .description = "Folder of `htmlTemplateFile` and `groupTemplateFile`.",
                .example = "/etc/tocsin/templates"},
               directory);
  return directory;
}

std::optional<Place> read_body_file(Section& section, const Key& key, const std::string& directory,
                                    std::string& path) {
  std::string file;
  const auto place = section.text(key, file);
  if (file.empty()) return std::nullopt;
  if (!directory.empty()) file.insert(0, directory + "/");
  path = template_at(section, *place, key.name, file + ".handlebars");
  return place;
}

void read_templates(Section& section, const Grouping& by_default, EmailMessages& messages) {
  section.text({.name = "subject",
                .writing = Writing::prose,
                .description = "Handlebars template of the subject.",
                .example = "{{serviceFriendlyName}} on {{host}} is {{serviceStatus}}",
                .otherwise = "a built-in template",
                .differs = kNotForHtml},
               messages.subject);
  section.text({.name = "groupSubject",
                .writing = Writing::prose,
                .description = "Handlebars template of the subject of a mail about several alerts.",
                .example = "Several alerts of Windows services",
                .otherwise = "a built-in template"},
               messages.group_subject);
  const auto directory = read_body_directory(section);
  const auto own = read_body_file(
      section,
      {.name = "htmlTemplateFile",
       .description = "Handlebars template of the HTML body: the name of the file without "
                      "`.handlebars`. Without `groupTemplateFile`, each alert is a separate mail.",
       .example = "service-stopped",
       .otherwise = "a built-in template"},
      directory, messages.body_file);
  read_body_file(
      section,
      {.name = "groupTemplateFile",
       .description = "Counterpart of `htmlTemplateFile` for a mail about several alerts.",
       .example = "several-alerts",
       .otherwise = "a built-in template"},
      directory, messages.group_body_file);
  if (messages.group_body_file.empty())
    note_ungrouped(section, by_default, own, "htmlTemplateFile");
}

void read_messages(Section& section, const Grouping& by_default, EmailMessages& messages,
                   KeysOf keys) {
  read_rate_limit(section, "recipient", messages.rate_limit, default_of(keys, ""));
  section.choice({.name = "priority",
                  .description = "Priority that mail programs show.",
                  .example = "high",
                  .otherwise = default_of(keys, "")},
                 messages.priority);
  read_templates(section, by_default, messages);
  read_recipients(section, keys, messages.recipients);
  read_from(section, keys, messages);
}

void read_tls(Section& section, bool secure, Smtp& smtp) {
  section.text({.name = "serverName",
                .description = "Name in the server's certificate, if it differs from `host`.",
                .example = "mail.example.com",
                .otherwise = "the value of `host`",
                .differs = "Has an effect. Butler ignores it and verifies `host`."},
               smtp.server_name);
  bool ignore = false;
  const auto ignored =
      section.boolean({.name = "ignoreTLS",
                       .description = "Sends mails unencrypted even if the server offers STARTTLS. "
                                      "No effect if `secure` is true.",
                       .example = "false",
                       .differs = kObeyed},
                      ignore);
  bool require = false;
  const auto required = section.boolean(
      {.name = "requireTLS",
       .description = "Sends nothing without STARTTLS. If false, a server that does not offer it "
                      "gets mails unencrypted. No effect if `secure` is true.",
       .example = "true",
       .differs = kObeyed},
      require);
  const auto reject =
      section.boolean({.name = "rejectUnauthorized",
                       .description = "Sends nothing to a server that fails verification.",
                       .example = "true"},
                      smtp.reject_unauthorized);
  const auto authorities = read_authorities(section, "server");
  if (authorities && !authorities->text.empty())
    smtp.ca_file = pem_file_at(section, "certCA", *authorities, PemFile::authorities);
  if (!smtp.reject_unauthorized)
    section.warning(*reject,
                    "`rejectUnauthorized` is false: anyone on the network path can read mails and "
                    "the password, and pose as the server");
  if (secure) {
    smtp.security = SmtpSecurity::implicit_tls;
  } else if (require) {
    smtp.security = SmtpSecurity::starttls_required;
    if (ignore)
      section.warning(*required,
                      "`requireTLS` and `ignoreTLS` contradict each other; `requireTLS` wins: "
                      "nothing is sent without STARTTLS");
  } else if (ignore) {
    smtp.security = SmtpSecurity::never;
    section.warning(*ignored, "`ignoreTLS` is true: mails are sent unencrypted");
  }
}

void read_login(Section& section, Smtp& smtp) {
  section.boolean({.name = "enable", .description = "Logs in to the server.", .example = "true"},
                  smtp.logs_in);
  if (!smtp.logs_in) section.switch_off();
  section.choice(
      {.name = "type",
       .description =
           "Login method: `login` with a password (PLAIN or LOGIN), or `xoauth2` with a token.",
       .example = "login"},
      smtp.login_type);
  section.text({.name = "user", .description = "Account name.", .example = "tocsin@example.com"},
               smtp.user);
  Secret password;
  section.secret(
      {.name = "password", .description = kPasswordInWords, .example = "${env:SMTP_PASSWORD}"},
      password);
  Secret token;
  section.secret(
      {.name = "token",
       .description =
           "Access token for `xoauth2`. tocsin reads it once, so logins fail when it expires.",
       .example = "${env:SMTP_TOKEN}"},
      token);
  const auto token_place =
      section.text({.name = "tokenFile",
                    .description = "File with the access token for `xoauth2`. Each login reads it "
                                   "again, so another program can renew it.",
                    .example = "/run/tocsin/smtp-token"},
                   smtp.token_file);
  if (token_place) smtp.token_file = section.file_at(*token_place, "tokenFile", smtp.token_file);
  if (!smtp.logs_in) return;
  // A key with a mistake is there.
  const auto need = [&section](bool has, std::string_view key, std::string_view other = {}) {
    if (has || section.has(key) || section.has(other)) return;
    section.error(section.place(),
                  fmt::format("`auth` is enabled, so `{}`{} must be given", key,
                              other.empty() ? "" : fmt::format(" or `{}`", other)));
  };
  const bool by_token = smtp.login_type == SmtpLoginType::xoauth2;
  need(!smtp.user.empty(), "user");
  if (by_token) {
    need(!token.empty() || !smtp.token_file.empty(), "token", "tokenFile");
  } else {
    need(!password.empty(), "password");
  }
  smtp.secret = by_token ? std::move(token) : std::move(password);
}

/// What cannot work, or is not as safe as it could be.
void check_together(Section& section, std::optional<Place> secure_place, const Smtp& smtp) {
  const bool secure = smtp.security == SmtpSecurity::implicit_tls;
  if (secure && (smtp.port == kPlainPort || smtp.port == kSubmissionPort))
    section.warning(*secure_place,
                    fmt::format("`secure` is true, but connections to port {} do not begin with "
                                "TLS: write `secure: false`, or `port: {}`",
                                smtp.port, kTlsPort));
  if (!secure && smtp.port == kTlsPort)
    section.warning(
        secure_place.value_or(section.place()),
        fmt::format(
            "`secure` is not true, but connections to port {} begin with TLS: write `secure: true`",
            smtp.port));
  if (!smtp.logs_in) return;
  if (smtp.security == SmtpSecurity::never)
    section.warning(section.place(),
                    "with `tls.ignoreTLS` and `auth.enable` the password is sent unencrypted: "
                    "anyone on the network path can read it");
  if (smtp.security == SmtpSecurity::starttls_offered)
    section.warning(section.place(),
                    "the password is sent unencrypted if the server, or someone on the network "
                    "path, offers no STARTTLS; `tls.requireTLS: true` prevents that");
}

void read_smtp(Section& section, Smtp& smtp) {
  section.text({.name = "host",
                .description = "Name or address of the mail server.",
                .need = Need::required,
                .example = "smtp.example.com"},
               smtp.host, check_host);
  section.port({.name = "port",
                .description = "TCP port: 587 or 25 (STARTTLS), 465 (TLS from the first byte).",
                .example = "587"},
               smtp.port);
  bool secure = false;
  const auto secure_place =
      section.boolean({.name = "secure",
                       .description = "Speaks TLS from the first byte, as on port 465.",
                       .example = "true"},
                      secure);
  section.text({.name = "clientName",
                .description = "Name that tocsin gives to the server (EHLO).",
                .example = "monitor.example.com",
                .otherwise = "the machine's full name, or `[127.0.0.1]` if it has none"},
               smtp.client_name, check_client_name);
  section.section({.name = "tls", .description = "Encryption of the connection."},
                  [&](Section& inner) { read_tls(inner, secure, smtp); });
  section.section({.name = "auth", .description = "Login to the server."},
                  [&](Section& inner) { read_login(inner, smtp); });
  check_together(section, secure_place, smtp);
}

}  // namespace

void read_settings(Section& section, bool wanted, Email& email) {
  section.share_with_butler(Shared::features);
  const auto mistakes_before = section.reading().mistakes;
  email.enabled = read_enable(section, wanted);
  read_alert_sections(section, "Mails", email,
                      [&email](Section& inner, EmailMessages& messages, KeysOf keys) {
                        read_messages(inner, email.grouping, messages, keys);
                      });
  section.section({.name = "smtp", .description = "Mail server.", .need = Need::required},
                  [&](Section& inner) { read_smtp(inner, email.smtp); });
  if (!email.enabled) {
    email = {.grouping = email.grouping};
    return;
  }
  if (email.labels().empty() && section.reading().mistakes == mistakes_before)
    section.warning(section.place(), "email is enabled, but there are no recipients");
}

std::vector<std::string> Email::labels() const {
  std::vector<std::string> all;
  for (const auto& messages : {stopped, started, message_of(*this, AlertSection::other_firing),
                               message_of(*this, AlertSection::other_resolved)})
    for (const auto& recipient : messages.recipients) all.push_back(recipient.address);
  return all;
}

}  // namespace tocsin::config
