#include "notify/email/email.h"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/smtp_imposter.h"
#include "net/loop.h"

namespace tocsin::notify {
namespace {

using namespace std::chrono_literals;
using net::SmtpPhase;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto kLong = 20s;
const DeliveryId kId{"0190a0b0-0000-7000-8000-000000000001"};

Alert an_alert(ServiceState to, const std::string& name = "Spooler") {
  Alert alert;
  alert.id = {"0190a0b0-0000-7000-8000-000000000000"};
  alert.kind = to == ServiceState::running ? TransitionKind::started : TransitionKind::stopped;
  alert.host = HostName("node1");
  alert.service = ServiceName(name);
  alert.details.display_name = name;
  alert.status.state = alert.to = to;
  alert.from = to == ServiceState::running ? ServiceState::stopped : ServiceState::running;
  return alert;
}
const Alert kStoppedAlert = an_alert(ServiceState::stopped);
const Alert kStartedAlert = an_alert(ServiceState::running);

config::Email settings() {
  config::Email email{.enabled = true};
  email.stopped.from = {"Watch", "tocsin@example.com"};
  email.stopped.priority = config::MailPriority::high;
  email.stopped.recipients = {{"", "ops@example.com"}, {"Boss", "boss@example.com"}};
  email.started.from = {"", "fine@example.com"};
  email.started.recipients = {{"Ops", "ops@EXAMPLE.com"}, {"", "dev@example.com"}};
  return email;
}

/// Takes every mail, and remembers it.
struct Server : net::SmtpTransport {
  net::awaitable<Result<net::SmtpReply>> send(net::SmtpMessage message, net::Deadline) override {
    mails.push_back(std::move(message));
    co_return answer;
  }
  std::vector<net::SmtpMessage> mails;
  Result<net::SmtpReply> answer =
      net::SmtpReply{.phase = SmtpPhase::data, .code = 250, .text = "queued"};
};

class EmailTest : public testing::Test {
 protected:
  Answer deliver(const config::Email& email, std::size_t recipient, const Alert& alert) {
    Email channel(std::make_shared<Mailing>(email, server_, "1.2.3", messages_, clock_),
                  recipients_of(email).at(recipient));
    return loop_.run_until_done(channel.deliver(alert, kId, net::within(kLong)));
  }

  net::Loop loop_;
  ManualClock clock_{Time(1'795'633'754s)};
  Messages messages_;
  std::shared_ptr<Server> server_ = std::make_shared<Server>();
};

TEST_F(EmailTest, AMailForEachRecipientOfItsSection) {
  const auto answer = deliver(settings(), 0, kStoppedAlert);
  EXPECT_EQ(std::get<Delivered>(answer).detail, "250 queued");
  deliver(settings(), 0, kStartedAlert);
  ASSERT_EQ(server_->mails.size(), 2);
  EXPECT_EQ(server_->mails[0].sender, "tocsin@example.com");
  EXPECT_EQ(server_->mails[0].recipient, "ops@example.com");
  EXPECT_THAT(
      server_->mails[0].data,
      AllOf(HasSubstr("From: \"Watch\" <tocsin@example.com>\r\n"
                      "To: <ops@example.com>\r\n"
                      "Subject: Spooler has stopped on node1\r\n"
                      "Date: Wed, 25 Nov 2026 19:09:14 +0000\r\n"
                      "Message-ID: <0190a0b0-0000-7000-8000-000000000001.tocsin"
                      "@example.com>\r\n"
                      "X-Priority: 1 (Highest)\r\n"),
            HasSubstr("X-Mailer: tocsin/1.2.3\r\n"
                      "X-Tocsin-Event: stopped\r\n"
                      "X-Tocsin-Host: node1\r\n"
                      "X-Tocsin-Service: Spooler\r\n"
                      "X-Tocsin-Alert: 0190a0b0-0000-7000-8000-000000000000\r\n"
                      "X-Tocsin-Delivery: 0190a0b0-0000-7000-8000-000000000001\r\n"),
            HasSubstr("State:         STOPPED, was RUNNING\r\n"), HasSubstr("<!DOCTYPE html>")));
  EXPECT_EQ(server_->mails[1].sender, "fine@example.com");
  EXPECT_THAT(server_->mails[1].data, AllOf(HasSubstr("To: \"Ops\" <ops@EXAMPLE.com>\r\n"),
                                            HasSubstr("Subject: Spooler has started on node1"),
                                            Not(HasSubstr("X-Priority"))));
}

TEST_F(EmailTest, OtherAlertsGoToTheirOwnRecipientsOrToThoseOfTheSections) {
  auto email = settings();
  email.stopped.subject = "{{serviceName}} stopped";
  Alert alert = kStoppedAlert;
  alert.kind = TransitionKind::paused;
  alert.to = ServiceState::paused;
  deliver(email, 0, alert);
  EXPECT_EQ(server_->mails.at(0).recipient, "ops@example.com");
  EXPECT_THAT(server_->mails.at(0).data, AllOf(HasSubstr("Subject: Spooler is paused on node1\r\n"),
                                               HasSubstr("X-Priority: 1 (Highest)\r\n")));
  email.other_firing = email.other_resolved = email.stopped;
  email.other_firing->recipients = {{"", "night@example.com"}};
  email.other_firing->subject = "{{kind}}!";
  ASSERT_EQ(recipients_of(email).size(), 4);
  deliver(email, 3, alert);
  EXPECT_EQ(server_->mails.at(1).recipient, "night@example.com");
  EXPECT_THAT(server_->mails.at(1).data, HasSubstr("Subject: paused!\r\n"));
  const Email ops(std::make_shared<Mailing>(email, server_, "1", messages_, clock_),
                  recipients_of(email).front());
  EXPECT_FALSE(ops.wants(alert));
  EXPECT_TRUE(ops.wants(kStoppedAlert));
}

TEST_F(EmailTest, AMailThatWasMadeIsSentAsItIs) {
  Email channel(std::make_shared<Mailing>(settings(), server_, "1", messages_, clock_),
                recipients_of(settings()).front());
  const auto answer = loop_.run_until_done(
      channel.send(kStartedAlert, {.text = "made before", .note = {}}, {"id"}, net::within(kLong)));
  EXPECT_EQ(std::get<Delivered>(answer).detail, "250 queued");
  EXPECT_EQ(server_->mails.at(0).sender, "fine@example.com");
  EXPECT_EQ(server_->mails.at(0).recipient, "ops@EXAMPLE.com");
  EXPECT_EQ(server_->mails.at(0).data, "made before");
}

TEST_F(EmailTest, ARepetitionIsTheSameMail) {
  deliver(settings(), 0, kStoppedAlert);
  deliver(settings(), 0, kStoppedAlert);
  EXPECT_EQ(server_->mails.at(0).data, server_->mails.at(1).data);
}

TEST_F(EmailTest, ATestGoesToThoseWhoAreOnlyNotifiedOfStops) {
  deliver(settings(), 1, kStartedAlert);
  EXPECT_EQ(server_->mails.at(0).recipient, "boss@example.com");
  EXPECT_EQ(server_->mails.at(0).sender, "tocsin@example.com");
}

TEST_F(EmailTest, AConfiguredSubject) {
  auto email = settings();
  email.stopped.subject = "\u274C {{serviceName}} & {{{serviceName}}} \"on\" {{host}}\n";
  deliver(email, 0, an_alert(ServiceState::stopped, "A&B"));
  EXPECT_THAT(server_->mails.at(0).data,
              HasSubstr("Subject: =?UTF-8?B?4p2MIEEmQiAmIEEmQiAib24iIG5vZGUx?=\r\n"));
}

TEST_F(EmailTest, ATemplateThatFailsIsReplacedAndSaidSo) {
  auto email = settings();
  email.stopped.subject = "{{#if";
  email.stopped.body_file = "/nowhere/body.handlebars";
  const auto answer = deliver(email, 0, kStoppedAlert);
  EXPECT_THAT(std::get<Delivered>(answer).detail,
              AllOf(HasSubstr("emailNotification.serviceStopped.subject"),
                    HasSubstr("/nowhere/body.handlebars")));
  EXPECT_THAT(
      server_->mails.at(0).data,
      AllOf(HasSubstr("Subject: Spooler has stopped on node1\r\n"), HasSubstr("<!DOCTYPE html>")));
}

TEST_F(EmailTest, SubjectsAreOneShortLine) {
  auto email = settings();
  email.stopped.subject = "\n\n  {{serviceName}}  \r\n";
  deliver(email, 0, an_alert(ServiceState::stopped, "x\r\nBcc: evil@example.com"));
  EXPECT_THAT(server_->mails.at(0).data, HasSubstr("\r\nSubject: x  Bcc: evil@example.com\r\n"));
  deliver(email, 0, an_alert(ServiceState::stopped, std::string(5000, 'x')));
  const std::string& data = server_->mails.at(1).data;
  const auto begin = data.find("\r\nSubject: ");
  EXPECT_LT(data.find("\r\nDate: ") - begin, 1000);
  email.stopped.subject = "{{nothing}}";
  deliver(email, 0, kStoppedAlert);
  EXPECT_THAT(server_->mails.at(2).data, HasSubstr("Subject: Spooler has stopped on node1\r\n"));
}

TEST_F(EmailTest, RecipientsAreDistinct) {
  const auto recipients = recipients_of(settings());
  ASSERT_EQ(recipients.size(), 3);
  std::vector<std::string> names;
  std::vector<std::pair<bool, bool>> wanted;
  const auto mailing = std::make_shared<Mailing>(settings(), server_, "1", messages_, clock_);
  for (const auto& recipient : recipients) {
    const Email channel(mailing, recipient);
    EXPECT_THAT(channel.key(), testing::StartsWith("email:"));
    names.push_back(channel.name());
    wanted.emplace_back(channel.wants(kStoppedAlert), channel.wants(kStartedAlert));
  }
  EXPECT_THAT(names, ElementsAre("email to ops@example.com", "email to boss@example.com",
                                 "email to dev@example.com"));
  EXPECT_THAT(wanted,
              ElementsAre(std::pair(true, true), std::pair(true, false), std::pair(false, true)));
  // A name or the case of a domain may change while deliveries wait.
  EXPECT_EQ(Email(mailing, {config::Mailbox{"X", "ops@Example.COM"}}).key(),
            Email(mailing, recipients[0]).key());
}

TEST(JudgeSmtp, WhatAReplyMeans) {
  enum class Meaning : std::uint8_t { delivered, later, login, rejected };
  struct Row {
    SmtpPhase phase;
    int code;
    Meaning meaning;
  };
  for (const auto& [phase, code, meaning] :
       std::initializer_list<Row>{{SmtpPhase::data, 250, Meaning::delivered},
                                  {SmtpPhase::greeting, 421, Meaning::later},
                                  {SmtpPhase::greeting, 554, Meaning::later},
                                  {SmtpPhase::starttls, 454, Meaning::later},
                                  {SmtpPhase::starttls, 554, Meaning::later},
                                  {SmtpPhase::login, 454, Meaning::later},
                                  {SmtpPhase::login, 535, Meaning::login},
                                  {SmtpPhase::login, 334, Meaning::login},
                                  {SmtpPhase::login, 504, Meaning::login},
                                  {SmtpPhase::sender, 421, Meaning::later},
                                  {SmtpPhase::sender, 530, Meaning::login},
                                  {SmtpPhase::sender, 535, Meaning::login},
                                  {SmtpPhase::sender, 550, Meaning::rejected},
                                  {SmtpPhase::recipient, 450, Meaning::later},
                                  {SmtpPhase::recipient, 550, Meaning::rejected},
                                  {SmtpPhase::recipient, 551, Meaning::rejected},
                                  {SmtpPhase::data, 354, Meaning::later},
                                  {SmtpPhase::data, 452, Meaning::later},
                                  {SmtpPhase::data, 552, Meaning::rejected},
                                  {SmtpPhase::data, 554, Meaning::rejected}}) {
    SCOPED_TRACE(code);
    const auto answer =
        judge_smtp(net::SmtpReply{.phase = phase, .code = code, .text = "5.7.1 the\x1b[31m words"});
    const std::string words = std::to_string(code) + " 5.7.1 the?[31m words";
    if (const auto* delivered = std::get_if<Delivered>(&answer)) {
      EXPECT_EQ(meaning, Meaning::delivered);
      EXPECT_EQ(delivered->detail, words);
    } else if (const auto* rejected = std::get_if<Rejected>(&answer)) {
      EXPECT_EQ(meaning, Meaning::rejected);
      EXPECT_THAT(rejected->reason, HasSubstr("refused: " + words));
    } else if (const auto* refused = std::get_if<LoginRefused>(&answer)) {
      EXPECT_EQ(meaning, Meaning::login);
      EXPECT_THAT(refused->reason, HasSubstr(words));
    } else {
      const auto& later = std::get<RetryAfter>(answer);
      EXPECT_EQ(meaning, Meaning::later);
      EXPECT_THAT(later.reason, HasSubstr(words));
      EXPECT_EQ(later.logged_in, phase >= SmtpPhase::sender);
    }
  }
  const auto none = judge_smtp(fail(ErrorKind::unreachable, "mail:25: Connection refused"));
  EXPECT_EQ(std::get<RetryAfter>(none).reason, "mail:25: Connection refused");
}

TEST(JudgeSmtp, ARefusalWithoutTheLoginThatIsConfiguredIsNotFinal) {
  for (const int code : {530, 550, 554}) {
    const auto answer = judge_smtp(net::SmtpReply{
        .phase = SmtpPhase::recipient, .code = code, .text = "no relay", .lacks_login = true});
    const auto* later = std::get_if<RetryAfter>(&answer);
    ASSERT_NE(later, nullptr) << code;
    EXPECT_FALSE(later->logged_in);
    EXPECT_FALSE(later->may_be_final);
    EXPECT_EQ(later->reason, "the recipient was refused: " + std::to_string(code) +
                                 " no relay; the server offered no login here, though "
                                 "`emailNotification.smtp.auth` is set");
  }
}

/// The whole way, to a server that is asked by the configuration.
TEST_F(EmailTest, TheConfiguredServerIsUsed) {
  const kit::CertificateAuthority authority;
  kit::SmtpImposter imposter(kit::SmtpTls::starttls,
                             authority.issue(kit::ServerCertificate::wrong_name));
  imposter.offer({"AUTH PLAIN LOGIN"});
  imposter.when("RCPT", {"550 5.1.1 s3cret said back: no such user", "250 fine"});
  auto email = settings();
  email.smtp = {.host = "127.0.0.1",
                .port = imposter.port(),
                .security = config::SmtpSecurity::starttls_required,
                .server_name = "elsewhere.example",
                .ca_file = authority.file(),
                .logs_in = true,
                .user = "user",
                .secret = Secret("s3cret"),
                .client_name = "watcher.example"};
  struct NoHttp : net::HttpTransport {
    net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest, net::Deadline) override {
      co_return fail(ErrorKind::unsupported, "not here");
    }
  } http;
  const SystemClock clock;
  logins::Logins logins({.executor = loop_.executor(), .clock = clock, .random = {}});
  Destinations made;
  add_channels(email,
               {.executor = loop_.executor(),
                .http = http,
                .version = "1",
                .messages = messages_,
                .logins = logins,
                .clock = clock},
               made);
  ASSERT_EQ(made.alerts.size(), 3);
  std::vector<Answer> answers;
  for (const std::size_t at : {0U, 1U}) {
    answers.push_back(loop_.run_until_done(
        made.alerts[at].channel->deliver(kStoppedAlert, kId, net::within(kLong))));
  }
  EXPECT_EQ(std::get<Rejected>(answers[0]).reason,
            "the recipient was refused: 550 5.1.1 *** said back: no such user");
  EXPECT_EQ(std::get<Rejected>(answers[0]).refuses, Rejected::Refuses::everything)
      << "whatever is sent to it";
  EXPECT_EQ(std::get<Delivered>(answers[1]).detail, "250 2.0.0 queued as 1");
  ASSERT_EQ(imposter.journal().size(), 1);
  const auto mail = imposter.journal().front();
  EXPECT_EQ(mail.recipient, "<boss@example.com>");
  EXPECT_EQ(mail.client, "watcher.example");
  EXPECT_EQ(mail.sni, "elsewhere.example");
  EXPECT_EQ(mail.login, "PLAIN AHVzZXIAczNjcmV0");
  EXPECT_TRUE(mail.encrypted);
  EXPECT_EQ(made.alerts[0].rules.rate_limits.down, email.stopped.rate_limit);
}

}  // namespace
}  // namespace tocsin::notify
