// TLS and logins of mail servers.
#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "unit/net/smtp_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::ServerCertificate;
using kit::SmtpImposter;
using kit::SmtpTls;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace tocsin::net
