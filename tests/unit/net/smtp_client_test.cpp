#include "net/smtp_client.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/smtp_session.h"
#include "net/task_scope.h"
#include "unit/net/smtp_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::SmtpImposter;
using kit::SmtpTls;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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
