// Mail servers that refuse, break off or are none.
#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/net/smtp_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::SmtpImposter;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace tocsin::net
