#include "kerberos/mit_failure.h"

#include <krb5.h>

#include <gtest/gtest.h>

namespace tocsin::kerberos {
namespace {

const Attempt kLogin{.client = "svc@CORP.EXAMPLE",
                     .realm = "CORP.EXAMPLE",
                     .no_kdc = "no KDC of CORP.EXAMPLE is known"};

Attempt service(const std::string& name) {
  auto attempt = kLogin;
  attempt.service = name;
  return attempt;
}

TEST(MitFailure, TellsObstaclesApart) {
  const auto obstacle = [](krb5_error_code code) {
    return failure_of(code, "said", kLogin).obstacle;
  };
  EXPECT_EQ(obstacle(KRB5KDC_ERR_PREAUTH_FAILED), Obstacle::secret);
  EXPECT_EQ(obstacle(KRB5KRB_AP_ERR_BAD_INTEGRITY), Obstacle::secret);
  EXPECT_EQ(obstacle(KRB5KDC_ERR_CLIENT_REVOKED), Obstacle::account);
  EXPECT_EQ(obstacle(KRB5KDC_ERR_KEY_EXP), Obstacle::account);
  EXPECT_EQ(obstacle(KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN), Obstacle::unknown_user);
  EXPECT_EQ(obstacle(KRB5KDC_ERR_ETYPE_NOSUPP), Obstacle::encryption);
  EXPECT_EQ(obstacle(KRB5_PREAUTH_FAILED), Obstacle::encryption) << "no key to try";
  EXPECT_EQ(obstacle(KRB5KRB_AP_ERR_SKEW), Obstacle::clock);
  EXPECT_EQ(obstacle(KRB5_KDC_UNREACH), Obstacle::no_kdc);
  EXPECT_EQ(obstacle(KRB5KDC_ERR_POLICY), Obstacle::other);
}

TEST(MitFailure, NamesTheServiceAndWhatToWrite) {
  EXPECT_EQ(failure_of(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, "", service("cifs/alias")).what,
            "the realm CORP.EXAMPLE does not know cifs/alias: write the name that it is registered "
            "by as `serverName`, or register this one (setspn)");
  for (const auto* address : {"cifs/10.1.2.3", "cifs/fe80::1"})
    EXPECT_TRUE(failure_of(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, "", service(address))
                    .what.contains("an IP address has no service principal name"))
        << address;
}

TEST(MitFailure, KeepsTheLibrarysWordsForTheRest) {
  const auto failure = failure_of(KRB5KDC_ERR_POLICY, "KDC policy rejects request", kLogin);
  EXPECT_EQ(failure.what, "svc@CORP.EXAMPLE: KDC policy rejects request");
  EXPECT_EQ(failure.native, static_cast<std::uint32_t>(KRB5KDC_ERR_POLICY));
}

TEST(MitFailure, ReadsFromTheTraceWhoWasAsked) {
  Trail trail;
  EXPECT_EQ(trail.describe("R"), "no KDC of R is known");
  read_trace("Sending DNS SRV query for _kerberos._udp.R.", trail);
  read_trace("Resolving hostname dc1.r\n", trail);
  EXPECT_EQ(trail.describe("R"), "no KDC of R is known (looked for _kerberos._udp.R, dc1.r)");
  read_trace("Sending initial UDP request to dgram 10.0.0.1:88", trail);
  read_trace("Initiating TCP connection to stream 10.0.0.2:88", trail);
  read_trace("Sending retry UDP request to dgram 10.0.0.1:88", trail);
  read_trace("Terminating TCP connection to stream 10.0.0.2:88", trail);
  EXPECT_EQ(trail.describe("R"), "no KDC of R answers (asked 10.0.0.1:88, 10.0.0.2:88)");
}

}  // namespace
}  // namespace tocsin::kerberos
