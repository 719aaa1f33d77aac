// A client of a pretend mail server.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "kit/smtp_imposter.h"
#include "net/loop.h"
#include "net/smtp_client.h"

namespace tocsin::net {

inline constexpr auto kSmtpTooLong = std::chrono::seconds(20);  // only a broken test waits for it
inline constexpr auto kPassword = "s3cret p\xC3\xA4ss";

inline SmtpMessage a_mail(std::string data = "Subject: x\r\n\r\nbody\r\n") {
  return {.sender = "tocsin@example.com", .recipient = "ops@example.com", .data = std::move(data)};
}

class SmtpClientTest : public ::testing::Test {
 protected:
  SmtpServer to(const kit::SmtpImposter& imposter, SmtpSecurity security) {
    return {.host = "127.0.0.1",
            .port = imposter.port(),
            .security = security,
            .tls = {.ca_file = authority_.file()}};
  }
  static SmtpServer in_the_clear(const kit::SmtpImposter& imposter) {
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
  kit::Identity identity(kit::ServerCertificate kind = kit::ServerCertificate::valid) {
    return authority_.issue(kind);
  }

  kit::CertificateAuthority authority_;
  Loop loop_;
};

inline std::string at(const kit::SmtpImposter& imposter) {
  return "127.0.0.1:" + std::to_string(imposter.port()) + ": ";
}

}  // namespace tocsin::net
