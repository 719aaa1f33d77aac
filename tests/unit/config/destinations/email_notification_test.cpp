// What `emailNotification` means, and what is said about it.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Lines 1 to 9; the section begins in line 10.
const std::string kBefore = R"(tocsin:
  serviceMonitor:
    credentials: [{name: main, username: user, password: '${env:PASSWORD}'}]
    monitor:
      - host: node1
        services: [{name: Spooler}]
    alertDestination:
      email: {enable: true}
  logLevel: info
)";

const std::string kSections = R"(  emailNotification:
    serviceStopped: {fromAddress: a@b.example, recipients: [ops@b.example]}
    serviceStarted: {fromAddress: a@b.example, recipients: [ops@b.example]}
)";

/// With a right section but for these lines of its `smtp`, which begin in line 14.
Loaded with_smtp(const std::string& lines) {
  return parse_sample(kBefore + kSections + "    smtp:\n" + lines);
}
Loaded with_stopped(const std::string& lines) {
  return parse_sample(kBefore + "  emailNotification:\n    smtp: {host: mail.example}\n" +
                      "    serviceStopped:\n" + lines);
}

TEST(EmailNotification, EverythingIsRead) {
  const auto loaded = parse_sample(kBefore + R"(  emailNotification:
    enable: true
    serviceStopped:
      rateLimit: 60
      priority: high
      subject: '{{host}}'
      bodyFileDirectory: /nowhere
      htmlTemplateFile: stopped
      groupSubject: several
      groupTemplateFile: several
      fromAddress: Qlik Sense (no-reply) <qs@b.example>
      recipients: ['"A, B" <ops@b.example>', boss@b.example, ops@B.example]
    serviceStarted:
      rateLimit: 60
      priority: low
      fromAdress: other@b.example
      recipients: [boss@b.example]
    smtp:
      host: mail.example
      port: 465
      secure: true
      clientName: watch.example
      tls: {serverName: real.example, rejectUnauthorized: false}
      auth: {enable: true, user: me, password: '${env:PASSWORD}'}
)");
  ASSERT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
  const Email& email = loaded.config->get<Email>();
  EXPECT_TRUE(email.enabled);
  EXPECT_EQ(email.stopped.rate_limit, std::chrono::seconds(60));
  EXPECT_EQ(email.stopped.priority, MailPriority::high);
  EXPECT_EQ(email.stopped.subject, "{{host}}");
  EXPECT_EQ(with_slashes(email.stopped.body_file), "/nowhere/stopped.handlebars");
  EXPECT_EQ(email.stopped.group_subject, "several");
  EXPECT_EQ(with_slashes(email.stopped.group_body_file), "/nowhere/several.handlebars");
  EXPECT_EQ(email.stopped.from, (Mailbox{"Qlik Sense", "qs@b.example"}));
  EXPECT_THAT(email.stopped.recipients,
              ElementsAre(Mailbox{"A, B", "ops@b.example"}, Mailbox{"", "boss@b.example"}));
  EXPECT_EQ(email.started.priority, MailPriority::low);
  EXPECT_EQ(email.started.from.address, "other@b.example");
  EXPECT_EQ(email.started.subject, "");
  EXPECT_EQ(email.started.body_file, "");
  EXPECT_EQ(email.smtp.host, "mail.example");
  EXPECT_EQ(email.smtp.port, 465);
  EXPECT_EQ(email.smtp.security, SmtpSecurity::implicit_tls);
  EXPECT_EQ(email.smtp.server_name, "real.example");
  EXPECT_EQ(email.smtp.client_name, "watch.example");
  EXPECT_FALSE(email.smtp.reject_unauthorized);
  EXPECT_TRUE(email.smtp.logs_in);
  EXPECT_EQ(email.smtp.user, "me");
  EXPECT_EQ(email.smtp.secret.reveal(), "s3cret-in-the-environment");
  EXPECT_THAT(
      findings_of(loaded),
      ElementsAre("17:25: warning: `htmlTemplateFile`: the template `/nowhere/stopped.handlebars` "
                  "does not exist; the "
                  "built-in one is used until it does",
                  "19:26: warning: `groupTemplateFile`: the template `/nowhere/several.handlebars` "
                  "does not exist; the "
                  "built-in one is used until it does",
                  "32:59: warning: `rejectUnauthorized` is false: anyone on the network path can "
                  "read mails and the password, and pose as the server"));
}

TEST(EmailNotification, ASafeOneIsReadWithoutAFinding) {
  const auto loaded = with_smtp("      host: mail.example\n      port: 465\n      secure: true\n");
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(findings_of(loaded), IsEmpty());
}

struct Row {
  std::string lines;
  SmtpSecurity security;
  std::vector<std::string> findings;
};

TEST(EmailNotification, WhatCannotWorkOrIsNotSafeIsWarnedOf) {
  const std::string host = "      host: mail.example\n";
  const std::string login = "      auth: {enable: true, user: me, password: '${env:PASSWORD}'}\n";
  for (const auto& [lines, security, findings] : std::vector<Row>{
           {"", SmtpSecurity::starttls_offered, {}},
           {"      port: 25\n      secure: true\n",
            SmtpSecurity::implicit_tls,
            {"16:15: warning: `secure` is true, but connections to port 25 do not begin with TLS: "
             "write `secure: false`, or `port: 465`"}},
           {"      port: 587\n      secure: true\n",
            SmtpSecurity::implicit_tls,
            {"16:15: warning: `secure` is true, but connections to port 587 do not begin with TLS: "
             "write `secure: false`, or `port: 465`"}},
           {"      port: 465\n      secure: false\n",
            SmtpSecurity::starttls_offered,
            {"16:15: warning: `secure` is not true, but connections to port 465 begin with TLS: "
             "write `secure: true`"}},
           {"      tls: {requireTLS: true}\n" + login, SmtpSecurity::starttls_required, {}},
           {"      tls: {requireTLS: true, ignoreTLS: true}\n",
            SmtpSecurity::starttls_required,
            {"15:25: warning: `requireTLS` and `ignoreTLS` contradict each other; `requireTLS` "
             "wins: nothing is sent without STARTTLS"}},
           {"      tls: {ignoreTLS: true}\n",
            SmtpSecurity::never,
            {"15:24: warning: `ignoreTLS` is true: mails are sent unencrypted"}},
           {"      tls: {ignoreTLS: true}\n" + login,
            SmtpSecurity::never,
            {"13:5: warning: with `tls.ignoreTLS` and `auth.enable` the password is sent "
             "unencrypted: anyone on the network path can read it",
             "15:24: warning: `ignoreTLS` is true: mails are sent unencrypted"}},
           {login,
            SmtpSecurity::starttls_offered,
            {"13:5: warning: the password is sent unencrypted if the server, or someone on the "
             "network path, offers no STARTTLS; `tls.requireTLS: true` prevents that"}},
           {"      secure: true\n      port: 465\n      tls: {requireTLS: true, ignoreTLS: "
            "true}\n" +
                login,
            SmtpSecurity::implicit_tls,
            {}}}) {
    SCOPED_TRACE(lines);
    const auto loaded = with_smtp(host + lines);
    EXPECT_EQ(findings_of(loaded), findings);
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->get<Email>().smtp.security, security);
  }
}

TEST(EmailNotification, MistakesInSmtp) {
  struct Mistake {
    std::string lines;
    std::string finding;
  };
  const std::string host = "      host: mail.example\n";
  for (const auto& [lines, finding] : std::vector<Mistake>{
           {"      port: 25\n", "13:5: error: the key `host` is missing"},
           {"      host: smtp://mail.example\n",
            "14:13: error: `host` must be a host name or an address, without spaces and slashes"},
           {host + "      clientName: a b\n",
            "15:19: error: `clientName` must be a host name, or an address in brackets"},
           {host + "      auth: {enable: true, password: x}\n",
            "15:7: error: `auth` is enabled, so `user` must be given"},
           {host + "      auth: {enable: true, user: x}\n",
            "15:7: error: `auth` is enabled, so `password` must be given"},
           {host + "      auth: {enable: true, user: x, password: y, type: xoauth2}\n",
            "15:7: error: `auth` is enabled, so `token` or `tokenFile` must be given"},
           {host + "      tls: {certCA: nowhere.pem}\n",
            "15:21: error: `certCA`: the file `/etc/tocsin/nowhere.pem` cannot be read"}}) {
    const auto found = findings_of(with_smtp(lines));
    EXPECT_THAT(found, testing::Contains(testing::StartsWith(finding)))
        << testing::PrintToString(found);
  }
}

TEST(EmailNotification, MistakesInMessages) {
  struct Mistake {
    std::string lines;
    std::string finding;
  };
  const std::string right = "      fromAddress: a@b.example\n";
  for (const auto& [lines, finding] : std::vector<Mistake>{
           {"      recipients: [ops@b.example]\n", "12:5: error: the key `fromAddress` is missing"},
           {"      recipients: [ops@b.example]\n      fromAddress: nobody\n",
            "14:20: error: `fromAddress` must be one address, such as ops@example.com or "
            "\"Operations\" <ops@example.com>"},
           {right + "      recipients: [ops@b.example, 'a@b, c@d']\n",
            "14:35: error: `recipients`: `a@b, c@d` must be one address, such as ops@example.com "
            "or "
            "\"Operations\" <ops@example.com>"},
           {right + "      recipients: [ops@b.example]\n      priority: urgent\n",
            "15:17: error: `priority` must be one of high, normal, low, but this is `urgent`"},
           {right, "10:3: warning: email is enabled, but there are no recipients"}}) {
    const auto found = findings_of(with_stopped(lines));
    EXPECT_THAT(found, testing::Contains(testing::StartsWith(finding)))
        << testing::PrintToString(found);
  }
}

TEST(EmailNotification, BothSectionsHaveARateLimitOfTheirOwn) {
  const auto loaded = parse_sample(kBefore + R"(  emailNotification:
    smtp: {host: mail.example}
    serviceStopped: {fromAddress: a@b.example, recipients: [ops@b.example], rateLimit: 30}
    serviceStarted: {fromAddress: a@b.example, recipients: [ops@b.example], rateLimit: 60}
)");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->get<Email>().stopped.rate_limit, std::chrono::seconds(30));
  EXPECT_EQ(loaded.config->get<Email>().started.rate_limit, std::chrono::seconds(60));
}

TEST(EmailNotification, OtherAlertsLeaveOutWhatHoldsAsInTheSections) {
  const auto loaded = parse_sample(kBefore + R"(  emailNotification:
    smtp: {host: mail.example}
    serviceStopped:
      {fromAddress: a@b.example, recipients: [ops@b.example], priority: high, subject: stopped, rateLimit: 1}
    serviceStarted: {fromAddress: c@b.example, recipients: [dev@b.example], rateLimit: 2}
    otherAlerts: {subject: other, rateLimit: 3}
)");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& email = loaded.config->get<Email>();
  const auto firing = message_of(email, AlertSection::other_firing);
  EXPECT_EQ(firing.from.address, "a@b.example");
  EXPECT_THAT(firing.recipients, ElementsAre(Mailbox{"", "ops@b.example"}));
  EXPECT_EQ(firing.priority, MailPriority::high);
  EXPECT_EQ(firing.subject, "other");
  EXPECT_EQ(firing.rate_limit, std::chrono::seconds(3));
  const auto resolved = message_of(email, AlertSection::other_resolved);
  EXPECT_EQ(resolved.from.address, "c@b.example");
  EXPECT_THAT(resolved.recipients, ElementsAre(Mailbox{"", "dev@b.example"}));
  EXPECT_EQ(resolved.priority, MailPriority::normal);
  EXPECT_EQ(resolved.subject, "other");
}

TEST(EmailNotification, OtherAlertsMayHaveRecipientsOfTheirOwn) {
  const auto text = kBefore + R"(  emailNotification:
    smtp: {host: mail.example}
    serviceStopped: {fromAddress: a@b.example, recipients: [ops@b.example]}
    otherAlerts: {recipients: [night@b.example]}
)";
  const auto loaded = parse_sample(text);
  const auto& email = loaded.config->get<Email>();
  EXPECT_THAT(message_of(email, AlertSection::other_firing).recipients,
              ElementsAre(Mailbox{"", "night@b.example"}));
  EXPECT_THAT(email.labels(), testing::Contains("night@b.example"));
  EXPECT_EQ(message_of(email, AlertSection::other_firing).from.address, "a@b.example");
}

TEST(EmailNotification, WhatIsSwitchedOffMayBeATemplate) {
  for (const std::string enable : {"true", "false"}) {
    const auto loaded = parse_sample(sample_with(
        {{11, "  emailNotification:\n    enable: " + enable +
                  "\n    serviceStopped: {recipients: [x]}\n    smtp: {auth: {enable: true}}\n" +
                  "  webhookNotification:"}}));
    ASSERT_TRUE(loaded.config) << testing::PrintToString(findings_of(loaded));
    EXPECT_FALSE(loaded.config->get<Email>().enabled);
    EXPECT_THAT(loaded.config->get<Email>().stopped.recipients, IsEmpty());
  }
}

TEST(EmailNotification, NoSecretIsInAFinding) {
  const auto loaded = with_smtp(
      "      host: m\n      auth: {enable: true, user: [], password: s3cret-1, token: s3cret-2}\n");
  for (const auto& finding : findings_of(loaded))
    EXPECT_THAT(finding, testing::Not(testing::HasSubstr("s3cret")));
}

}  // namespace
}  // namespace tocsin::config
