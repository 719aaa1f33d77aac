// HTTPS: certificates, and servers that speak something else.
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/certificates.h"
#include "unit/net/http_client_test.h"

namespace tocsin::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct TlsRow {
  kit::ServerCertificate certificate;
  bool known_authority;
  bool verify;
  std::string_view error;  ///< empty: the request is answered
};

TEST_F(HttpClientTest, Certificates) {
  using enum kit::ServerCertificate;
  const kit::CertificateAuthority authority;
  for (const auto& row :
       std::initializer_list<TlsRow>{{valid, true, true, ""},
                                     {valid, false, true, "unable to get local issuer certificate"},
                                     {valid, false, false, ""},
                                     {expired, true, true, "certificate has expired"},
                                     {expired, true, false, ""},
                                     {wrong_name, true, true, "it is for another name"},
                                     {wrong_name, false, false, ""}}) {
    SCOPED_TRACE(row.error);
    kit::HttpImposter server(authority.issue(row.certificate));
    server.otherwise({{.status = 204}});
    TlsOptions tls{.verify = row.verify};
    if (row.known_authority) tls.ca_file = authority.file();
    const auto answer = fetch({.url = server.url() + "/secret", .tls = tls});
    ASSERT_EQ(answer.has_value(), row.error.empty());
    if (answer) {
      EXPECT_EQ(answer->status, 204);
    } else {
      EXPECT_EQ(answer.error().kind, ErrorKind::denied);
      EXPECT_EQ(answer.error().what,
                "127.0.0.1:" + std::to_string(server.port()) +
                    ": the certificate was not accepted: " + std::string(row.error));
      EXPECT_TRUE(server.journal().empty());
    }
  }
}

TEST_F(HttpClientTest, AConnectionIsNotSharedWithLaxerTls) {
  const kit::CertificateAuthority authority;
  kit::HttpImposter server(authority.issue(kit::ServerCertificate::valid));
  ASSERT_TRUE(fetch({.url = server.url(), .tls = {.verify = false}}));
  EXPECT_FALSE(fetch({.url = server.url()}));
}

TEST_F(HttpClientTest, AnUnreadableCaFile) {
  const kit::CertificateAuthority authority;
  kit::HttpImposter server(authority.issue(kit::ServerCertificate::valid));
  const auto answer = fetch({.url = server.url(), .tls = {.ca_file = "/nowhere/ca.pem"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::denied);
  EXPECT_THAT(answer.error().what, HasSubstr("the CA file cannot be read"));
}

TEST_F(HttpClientTest, TlsIsSpokenToAPlainServer) {
  kit::HttpImposter server;
  const auto answer = get("https://127.0.0.1:" + std::to_string(server.port()) + "/secret");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(answer.error().what, Not(HasSubstr("secret")));
}

TEST_F(HttpClientTest, PlainHttpIsSpokenToATlsServer) {
  const kit::CertificateAuthority authority;
  kit::HttpImposter server(authority.issue(kit::ServerCertificate::valid));
  const auto answer = get("http://127.0.0.1:" + std::to_string(server.port()) + "/secret");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("the URL must begin with https://"));
}

TEST_F(HttpClientTest, SaysWhyThereIsNoTls) {
  constexpr std::string_view kHandshakeFailure("\x15\x03\x03\x00\x02\x02\x28", 7);
  for (const auto& [answered, words] :
       {std::pair(kHandshakeFailure, "handshake failure"),
        std::pair(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"),
                  "the server does not speak TLS on this port")}) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    const std::jthread server([&] {
      auto socket = acceptor.accept();
      std::array<char, 4096> hello{};
      socket.receive(boost::asio::buffer(hello));
      boost::asio::write(socket, boost::asio::buffer(answered));
    });
    const auto origin = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    const auto answer = get("https://" + origin);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().what,
                testing::AllOf(testing::StartsWith(origin + ": "), HasSubstr(words)));
  }
}

}  // namespace
}  // namespace tocsin::net
