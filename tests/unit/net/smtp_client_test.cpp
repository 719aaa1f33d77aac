#include "net/smtp_client.h"

#include <chrono>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/path.h"
#include "kit/scratch.h"
#include "kit/smtp_imposter.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/smtp_session.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::ServerCertificate;
using kit::SmtpImposter;
using kit::SmtpTls;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto kSmtpTooLong = 20s;  // only a broken test waits for it
constexpr auto kPassword = "s3cret p\xC3\xA4ss";

SmtpMessage a_mail(std::string data = "Subject: x\r\n\r\nbody\r\n") {
  return {.sender = "tocsin@example.com", .recipient = "ops@example.com", .data = std::move(data)};
}

class SmtpClientTest : public ::testing::Test {
 protected:
  SmtpServer to(const SmtpImposter& imposter, SmtpSecurity security) {
    return {.host = "127.0.0.1",
            .port = imposter.port(),
            .security = security,
            .tls = {.ca_file = authority_.file()}};
  }
  static SmtpServer in_the_clear(const SmtpImposter& imposter) {
    return {.host = "127.0.0.1", .port = imposter.port()};
  }
  Result<SmtpReply> send(SmtpClient& client, SmtpMessage message = a_mail(),
                         std::chrono::milliseconds limit = kSmtpTooLong) {
    return loop_.run_until_done(client.send(std::move(message), within(limit)));
  }
  Result<SmtpReply> send(const SmtpServer& server, SmtpMessage message = a_mail(),
                         std::chrono::milliseconds limit = kSmtpTooLong) {
    SmtpClient client(loop_.executor(), server);
    return send(client, std::move(message), limit);
  }
  kit::Identity identity(ServerCertificate kind = ServerCertificate::valid) {
    return authority_.issue(kind);
  }

  kit::CertificateAuthority authority_;
  Loop loop_;
};

std::string at(const SmtpImposter& imposter) {
  return "127.0.0.1:" + std::to_string(imposter.port()) + ": ";
}

TEST_F(SmtpClientTest, SendsWhatItIsGiven) {
  SmtpImposter server;
  auto where = in_the_clear(server);
  where.client_name = "watcher.example.com";
  const auto reply =
      send(where, a_mail(".dot\r\n..two\r\n.\r\nline with a dot.\r\n\r\n . \r\n.last\r\n"));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_TRUE(reply->accepted());
  EXPECT_EQ(reply->code, 250);
  EXPECT_EQ(reply->text, "2.0.0 queued as 1");
  ASSERT_EQ(server.journal().size(), 1);
  const auto mail = server.journal().front();
  EXPECT_EQ(mail.sender, "<tocsin@example.com>");
  EXPECT_EQ(mail.recipient, "<ops@example.com>");
  EXPECT_EQ(mail.client, "watcher.example.com");
  EXPECT_EQ(mail.data, "..dot\r\n...two\r\n..\r\nline with a dot.\r\n\r\n . \r\n..last\r\n");
  EXPECT_EQ(mail.login, "");
  EXPECT_FALSE(mail.encrypted);
}

TEST_F(SmtpClientTest, SendsLargeMails) {
  SmtpImposter server;
  std::string data;
  while (data.size() < 1'000'000) data += std::string(70, 'x') + "\r\n";
  const auto reply = send(in_the_clear(server), a_mail(data));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_TRUE(reply->accepted());
  EXPECT_EQ(server.journal().front().data, data);
}

TEST_F(SmtpClientTest, EncryptsAsTheServerIsConfigured) {
  using enum SmtpSecurity;
  for (const auto& [offered, wanted, encrypted] :
       std::vector<std::tuple<SmtpTls, SmtpSecurity, bool>>{
           {SmtpTls::implicit, implicit_tls, true},
           {SmtpTls::starttls, starttls_offered, true},
           {SmtpTls::starttls, starttls_required, true},
           {SmtpTls::starttls, never, false},
           {SmtpTls::none, starttls_offered, false},
           {SmtpTls::none, never, false}}) {
    SmtpImposter server(offered, identity());
    const auto reply = send(to(server, wanted));
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_TRUE(reply->accepted());
    EXPECT_EQ(server.journal().front().encrypted, encrypted);
  }
}

TEST_F(SmtpClientTest, SendsNothingWithoutTheTlsThatIsRequired) {
  SmtpImposter server;
  const auto reply = send(to(server, SmtpSecurity::starttls_required));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(reply.error().what, at(server) +
                                    "STARTTLS is required, and the server does not offer "
                                    "it: nothing was sent");
  EXPECT_THAT(server.heard(), Not(Contains(HasSubstr("MAIL"))));
}

TEST_F(SmtpClientTest, ATlsPortThatSpeaksNoTls) {
  SmtpImposter server;
  const auto reply = send(to(server, SmtpSecurity::implicit_tls));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(reply.error().what, HasSubstr("does not speak TLS from the first byte"));
}

TEST_F(SmtpClientTest, APlainPortThatSpeaksTls) {
  SmtpImposter server(SmtpTls::implicit, identity());
  const auto reply = send(to(server, SmtpSecurity::starttls_offered), a_mail(), 500ms);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::timed_out);
  EXPECT_EQ(reply.error().what, at(server) +
                                    "no connection in time; where the server speaks TLS "
                                    "from the first byte, `secure` must be true");
}

TEST_F(SmtpClientTest, Certificates) {
  using enum ServerCertificate;
  struct Row {
    ServerCertificate certificate;
    bool known_authority;
    bool verify;
    std::string server_name;
    std::string_view error;  ///< empty: the mail is accepted
  };
  for (const auto tls : {SmtpTls::implicit, SmtpTls::starttls}) {
    for (const auto& row :
         std::initializer_list<Row>{{valid, true, true, "", ""},
                                    {valid, true, true, "localhost", ""},
                                    {valid, false, true, "", "unable to get local issuer"},
                                    {valid, false, false, "", ""},
                                    {valid, true, true, "mail.example", "for another name"},
                                    {expired, true, true, "", "certificate has expired"},
                                    {expired, true, false, "", ""},
                                    {wrong_name, true, true, "", "it is for another name"},
                                    {wrong_name, true, true, "elsewhere.example", ""},
                                    {wrong_name, false, false, "", ""}}) {
      SCOPED_TRACE(row.error);
      SmtpImposter server(tls, identity(row.certificate));
      auto where = to(server, tls == SmtpTls::implicit ? SmtpSecurity::implicit_tls
                                                       : SmtpSecurity::starttls_required);
      where.server_name = row.server_name;
      where.tls.verify = row.verify;
      if (!row.known_authority) where.tls.ca_file.clear();
      const auto reply = send(where);
      ASSERT_EQ(reply.has_value(), row.error.empty()) << (reply ? "" : reply.error().what);
      if (reply) {
        EXPECT_EQ(server.journal().front().sni, row.server_name);
        EXPECT_TRUE(server.journal().front().encrypted);
      } else {
        EXPECT_EQ(reply.error().kind, ErrorKind::denied);
        EXPECT_THAT(reply.error().what, HasSubstr("the certificate was not accepted"));
        EXPECT_THAT(reply.error().what, HasSubstr(row.error));
        EXPECT_TRUE(server.journal().empty());
      }
    }
  }
}

TEST_F(SmtpClientTest, AnUnreadableCaFile) {
  SmtpImposter server(SmtpTls::implicit, identity());
  auto where = to(server, SmtpSecurity::implicit_tls);
  where.tls.ca_file = "/nowhere/ca.pem";
  const auto reply = send(where);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().what, HasSubstr("the CA file cannot be read"));
}

TEST_F(SmtpClientTest, LogsIn) {
  struct Row {
    std::string offered;
    SmtpLogin::Method method;
    std::string said;
  };
  const std::string secret = kPassword;
  for (const auto& row : std::initializer_list<Row>{
           {"AUTH PLAIN LOGIN", SmtpLogin::Method::password,
            "PLAIN " + to_base64(as_bytes(std::string("\0user\0", 6) + secret))},
           {"AUTH LOGIN CRAM-MD5", SmtpLogin::Method::password,
            "LOGIN " + to_base64(as_bytes("user")) + " " + to_base64(as_bytes(secret))},
           {"AUTH PLAIN XOAUTH2", SmtpLogin::Method::token,
            "XOAUTH2 " + to_base64(as_bytes("user=user\1auth=Bearer " + secret + "\1\1"))},
           {"SIZE 1000000", SmtpLogin::Method::password, ""}}) {
    SmtpImposter server;
    server.offer({row.offered});
    auto where = in_the_clear(server);
    where.login = {.method = row.method, .user = "user", .secret = Secret(kPassword)};
    const auto reply = send(where);
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_TRUE(reply->accepted());
    EXPECT_EQ(server.journal().front().login, row.said);
  }
}

TEST_F(SmtpClientTest, ATokenIsAskedForAtEachLogin) {
  SmtpImposter server;
  server.offer({"AUTH XOAUTH2"});
  auto where = in_the_clear(server);
  Result<Secret> token = fail(ErrorKind::invalid_config, "no token yet");
  where.login = {.method = SmtpLogin::Method::token, .user = "user", .read_secret = [&token] {
                   return token;
                 }};
  const auto missing = send(where);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::invalid_config);
  EXPECT_THAT(missing.error().what, HasSubstr("no token yet"));
  for (const std::string text : {"first", "second"}) {
    token = Secret(text);
    ASSERT_TRUE(send(where));
    EXPECT_EQ(server.journal().back().login,
              "XOAUTH2 " + to_base64(as_bytes("user=user\1auth=Bearer " + text + "\1\1")));
  }
}

TEST_F(SmtpClientTest, LoginsThatTheServerDoesNotKnow) {
  for (const auto& [offered, method, words] :
       std::vector<std::tuple<std::string, SmtpLogin::Method, std::string>>{
           {"AUTH CRAM-MD5 NTLM", SmtpLogin::Method::password, "PLAIN and LOGIN"},
           {"AUTH PLAIN LOGIN", SmtpLogin::Method::token, "XOAUTH2"}}) {
    SmtpImposter server;
    server.offer({offered});
    auto where = in_the_clear(server);
    where.login = {.method = method, .user = "user", .secret = Secret(kPassword)};
    const auto reply = send(where);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::unsupported);
    EXPECT_THAT(reply.error().what, HasSubstr(words));
    EXPECT_THAT(server.heard(), Not(Contains(HasSubstr("MAIL"))));
  }
}

TEST_F(SmtpClientTest, ARefusedLoginTellsNoSecret) {
  const std::string said = to_base64(as_bytes(std::string("\0user\0", 6) + kPassword));
  for (const auto& reply_text : std::vector<std::string>{
           "535 5.7.8 wrong: " + said, "535 5.7.8 wrong: " + std::string(kPassword),
           "535-5.7.8 wrong:\n535 " + to_base64(as_bytes(kPassword))}) {
    SmtpImposter server;
    server.offer({"AUTH PLAIN LOGIN"});
    server.when("AUTH", {reply_text});
    auto where = in_the_clear(server);
    where.login = {
        .method = SmtpLogin::Method::password, .user = "user", .secret = Secret(kPassword)};
    const auto reply = send(where);
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_FALSE(reply->accepted());
    EXPECT_EQ(reply->phase, SmtpPhase::login);
    EXPECT_EQ(reply->code, 535);
    EXPECT_EQ(reply->text, "5.7.8 wrong: ***");
    EXPECT_THAT(server.heard(), Not(Contains(HasSubstr("MAIL"))));
  }
}

TEST_F(SmtpClientTest, ARefusedToken) {
  SmtpImposter server;
  server.offer({"AUTH XOAUTH2"});
  server.when("AUTH", {"334 eyJzdGF0dXMiOiI0MDEifQ=="});
  auto where = in_the_clear(server);
  where.login = {.method = SmtpLogin::Method::token, .user = "user", .secret = Secret(kPassword)};
  const auto reply = send(where);
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->phase, SmtpPhase::login);
  EXPECT_EQ(reply->code, 334);
  EXPECT_EQ(reply->text, "");
}

TEST_F(SmtpClientTest, SaysWhatTheServerRefused) {
  struct Row {
    std::string step;
    std::string reply;
    SmtpPhase phase;
    int code;
    std::string text;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"greeting", "554 5.7.1 blocked", SmtpPhase::greeting, 554, "5.7.1 blocked"},
           {"greeting", "421 too busy", SmtpPhase::greeting, 421, "too busy"},
           {"MAIL", "550 5.1.0 who?", SmtpPhase::sender, 550, "5.1.0 who?"},
           {"RCPT", "450 4.2.0 greylisted", SmtpPhase::recipient, 450, "4.2.0 greylisted"},
           {"RCPT", "550-5.1.1 no such\n550 5.1.1 user", SmtpPhase::recipient, 550,
            "5.1.1 no such 5.1.1 user"},
           {"DATA", "503 no", SmtpPhase::data, 503, "no"},
           {".", "552 5.3.4 too big", SmtpPhase::data, 552, "5.3.4 too big"},
           {".", "451 disk full", SmtpPhase::data, 451, "disk full"}}) {
    SmtpImposter server;
    server.when(row.step, {row.reply, "250 2.0.0 next time"});
    const auto reply = send(in_the_clear(server));
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_FALSE(reply->accepted());
    EXPECT_EQ(reply->phase, row.phase);
    EXPECT_EQ(reply->code, row.code);
    EXPECT_EQ(reply->text, row.text);
  }
}

TEST_F(SmtpClientTest, ARefusalBelongsToOneMail) {
  SmtpImposter server;
  server.when("RCPT", {"550 no", "250 yes"});
  server.when(".", {"554 spam", "250 yes"});
  SmtpClient client(loop_.executor(), in_the_clear(server));
  EXPECT_FALSE(send(client)->accepted());
  EXPECT_EQ(send(client)->phase, SmtpPhase::data);
  EXPECT_TRUE(send(client)->accepted());
}

TEST_F(SmtpClientTest, ConnectionsThatBreak) {
  for (const std::string step : {"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    SmtpImposter server;
    server.when(step, {"close"});
    const auto reply = send(in_the_clear(server));
    ASSERT_FALSE(reply) << step;
    EXPECT_EQ(reply.error().kind, ErrorKind::unreachable) << step;
    EXPECT_THAT(reply.error().what, HasSubstr("the connection was closed before an answer came"));
  }
}

TEST_F(SmtpClientTest, ServersThatNeverAnswer) {
  for (const auto& [step, words] : std::vector<std::pair<std::string, std::string>>{
           {"greeting", "no connection in time"},
           {"EHLO", "no connection in time"},
           {"AUTH", "no answer in time to the login"},
           {"MAIL", "no answer in time to the sender"},
           {"RCPT", "no answer in time to the recipient"},
           {"DATA", "no answer in time to the mail"},
           {".", "no answer in time to the mail"}}) {
    SmtpImposter server;
    server.offer({"AUTH PLAIN"});
    server.when(step, {"hang"});
    auto where = in_the_clear(server);
    where.login = {
        .method = SmtpLogin::Method::password, .user = "user", .secret = Secret(kPassword)};
    const auto begun = std::chrono::steady_clock::now();
    const auto reply = send(where, a_mail(), 400ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << step;
    ASSERT_FALSE(reply) << step;
    EXPECT_EQ(reply.error().kind, ErrorKind::timed_out) << step;
    EXPECT_THAT(reply.error().what, HasSubstr(words)) << step;
  }
}

TEST_F(SmtpClientTest, NobodyListens) {
  SmtpServer gone;
  {
    SmtpImposter server;
    gone = in_the_clear(server);
  }
  const auto reply = send(gone);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(reply.error().what, "127.0.0.1:" + std::to_string(gone.port) + ": Connection refused");
}

TEST_F(SmtpClientTest, NoSuchHost) {
  const std::string host(64, 'x');  // longer than a label may be, so that no name server is asked
  const auto reply = send({.host = host, .port = 25});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().what, host + ":25: no such host name");
}

TEST_F(SmtpClientTest, WhatIsNoSmtp) {
  for (const std::string greeting : {"HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.2", "22", ""}) {
    SmtpImposter server;
    server.when("greeting", {greeting + "\nmore\nand more"});
    const auto reply = send(in_the_clear(server), a_mail(), 500ms);
    ASSERT_FALSE(reply) << greeting;
    EXPECT_THAT(server.heard(), Not(Contains(HasSubstr("MAIL"))));
  }
  for (const auto& answer :
       std::vector<std::string>{"hello", "2500 x", "250_x", std::string(20'000, '2'), "199 x"}) {
    SmtpImposter server;
    server.when("RCPT", {answer});
    const auto reply = send(in_the_clear(server), a_mail(), 2s);
    ASSERT_FALSE(reply) << answer;
    EXPECT_EQ(reply.error().kind, ErrorKind::malformed) << reply.error().what;
  }
}

TEST_F(SmtpClientTest, SaysWhichProtocolAnswersInstead) {
  for (const auto& [greeting, words] : std::vector<std::pair<std::string, std::string>>{
           {"* OK [CAPABILITY IMAP4rev1] ready", "it does not speak SMTP: it speaks IMAP"},
           {"+OK POP3 ready", "it does not speak SMTP: it speaks POP3"},
           {"SSH-2.0-OpenSSH_9.2", "it does not speak SMTP"}}) {
    SmtpImposter server;
    server.when("greeting", {greeting});
    const auto reply = send(in_the_clear(server));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::malformed);
    EXPECT_EQ(reply.error().what, at(server) + words);
  }
}

TEST_F(SmtpClientTest, ARefusedStarttlsIsCalledSo) {
  SmtpImposter server(SmtpTls::starttls, identity());
  server.when("STARTTLS", {"454 4.7.0 TLS not available"});
  const auto reply = send(to(server, SmtpSecurity::starttls_required));
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(to_string(reply->phase), "STARTTLS");
  EXPECT_EQ(reply->code, 454);
}

TEST_F(SmtpClientTest, SaysThatALoginWasNotOffered) {
  for (const bool configured : {true, false}) {
    SmtpImposter server;
    server.when("RCPT", {"554 5.7.1 relay access denied"});
    auto where = in_the_clear(server);
    if (configured)
      where.login = {.method = SmtpLogin::Method::password, .user = "u", .secret = Secret("p")};
    const auto reply = send(where);
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_EQ(reply->code, 554);
    EXPECT_EQ(reply->lacks_login, configured);
    server.when("RCPT", {"554 5.7.1 relay access denied"});
    server.offer({"AUTH PLAIN"});
    EXPECT_FALSE(send(where)->lacks_login);
  }
}

TEST_F(SmtpClientTest, NothingCanBeSmuggled) {
  SmtpImposter server;
  for (const auto& message : std::vector<SmtpMessage>{
           {.sender = "a@x>\r\nRCPT TO:<b@x", .recipient = "ops@x", .data = "x\r\n"},
           {.sender = "a@x", .recipient = "ops@x> <b@x", .data = "x\r\n"},
           {.sender = "a@x", .recipient = "\xC3\xA4@x", .data = "x\r\n"},
           {.sender = "a@x", .recipient = "", .data = "x\r\n"},
           a_mail("x\n.\r\nMAIL FROM:<a@x>\r\n"),
           a_mail("x\r.\r\n"),
           a_mail("x"),
           a_mail("")}) {
    const auto reply = send(in_the_clear(server), message);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::invalid_config);
  }
  EXPECT_TRUE(server.journal().empty());
  EXPECT_THAT(server.heard(), Not(Contains(HasSubstr("MAIL"))));
}

TEST_F(SmtpClientTest, KeepsTheConnection) {
  SmtpImposter server(SmtpTls::starttls, identity());
  SmtpClient client(loop_.executor(), to(server, SmtpSecurity::starttls_required));
  for (int i = 0; i < 5; i++) ASSERT_TRUE(send(client)->accepted());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(SmtpClientTest, ClosesAConnectionThatIsNotUsed) {
  SmtpImposter server;
  kit::VirtualTime time;
  SmtpClient client(loop_.executor(), in_the_clear(server));
  ASSERT_TRUE(send(client)->accepted());
  EXPECT_EQ(server.open(), 1);
  loop_.run_until_done(time.pass(SmtpClient::kKept));
  EXPECT_TRUE(server.wait_until_all_closed());
  EXPECT_EQ(server.heard().back(), "QUIT");
}

TEST_F(SmtpClientTest, AnotherConnectionWhenTheServerHasClosedTheKeptOne) {
  for (const std::string closing : {"421 4.4.2 timeout", "close"}) {
    SmtpImposter server;
    server.when("MAIL", {"250 once", closing, "250 again"});
    SmtpClient client(loop_.executor(), in_the_clear(server));
    ASSERT_TRUE(send(client)->accepted());
    const auto reply = send(client);
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_TRUE(reply->accepted());
    EXPECT_EQ(server.connections(), 2);
    EXPECT_EQ(server.journal().size(), 2);
  }
}

TEST_F(SmtpClientTest, AMailThatMayHaveBeenTakenIsNotSentAgain) {
  SmtpImposter server;
  server.when(".", {"250 once", "close"});
  SmtpClient client(loop_.executor(), in_the_clear(server));
  ASSERT_TRUE(send(client)->accepted());
  EXPECT_FALSE(send(client));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(SmtpClientTest, ManyAtOnceOverAFewConnections) {
  SmtpImposter server;
  SmtpClient client(loop_.executor(), in_the_clear(server));
  constexpr std::size_t kMany = 60;
  std::size_t accepted = 0;
  TaskScope scope(loop_.executor());
  for (std::size_t i = 0; i < kMany; i++) {
    scope.spawn([](SmtpClient& to, std::size_t& count) -> awaitable<void> {
      const auto reply = co_await to.send(a_mail(), within(kSmtpTooLong));
      if (reply && reply->accepted()) count++;
    }(client, accepted));
  }
  loop_.run_until_done(scope.join());
  EXPECT_EQ(accepted, kMany);
  EXPECT_EQ(server.journal().size(), kMany);
  EXPECT_LE(server.connections(), SmtpClient::kMostConnections);
}

TEST_F(SmtpClientTest, CancellingThrowsAndGivesTheConnectionUp) {
  SmtpImposter server;
  server.when("RCPT", {"hang"});
  bool thrown = false;
  SmtpClient client(loop_.executor(), in_the_clear(server));
  TaskScope scope(loop_.executor());
  scope.spawn([](SmtpClient& to, bool& aborted) -> awaitable<void> {
    try {
      co_await to.send(a_mail(), within(kSmtpTooLong));
    } catch (const boost::system::system_error& error) {
      aborted = error.code() == boost::asio::error::operation_aborted;
      throw;
    }
  }(client, thrown));
  loop_.run_until_done([](TaskScope& all, const SmtpImposter& from) -> awaitable<void> {
    co_await kit::let_others_run();
    EXPECT_TRUE(from.wait_for_heard(3));
    all.cancel();
    co_await all.join();
  }(scope, server));
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(server.wait_until_all_closed());
}

TEST_F(SmtpClientTest, EndsWithAServerThatHangs) {
  SmtpImposter server;
  server.when(".", {"250 once", "hang"});
  const auto begun = std::chrono::steady_clock::now();
  {
    Loop loop;
    SmtpClient client(loop.executor(), in_the_clear(server));
    ASSERT_TRUE(loop.run_until_done(client.send(a_mail(), within(kSmtpTooLong)))->accepted());
    EXPECT_FALSE(loop.run_until_done(client.send(a_mail(), within(300ms))));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST(SmtpReplyReaderTest, LinesBecomeReplies) {
  SmtpReplyReader reader;
  EXPECT_EQ(reader.code(), 0);
  ASSERT_TRUE(reader.take("250-one\r\n"));
  EXPECT_FALSE(reader.complete());
  ASSERT_TRUE(reader.take("250 two"));
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.text(), "one two");
  ASSERT_TRUE(reader.take("354\r\n"));
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.code(), 354);
  EXPECT_EQ(reader.text(), "");
  ASSERT_TRUE(reader.take("550 " + std::string(100'000, 'x')));
  EXPECT_LE(reader.text().size(), 500);
  for (const auto* line : {"", "25", "2x0 a", "250+a", "\xFF\xFE\xFD x"})
    EXPECT_FALSE(reader.take(line)) << line;
}

}  // namespace
}  // namespace tocsin::net
