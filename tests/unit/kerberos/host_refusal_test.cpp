#include "kerberos/host_refusal.h"

#include <chrono>

#include <gtest/gtest.h>

#include "kit/hex.h"

namespace tocsin::kerberos {
namespace {

/// KRB_AP_ERR_SKEW at 23:35:27, with all that RFC 4120 demands of it.
const Bytes kSkew = kit::hex(
    "606206092a864886f71201020203007e533051a003020105a10302011ea411180f323032"
    "36313133303233333532375aa50502030186a0a603020125a90d1b0b544f4353494e2e54"
    "455354aa173015a003020101a10e300c1b04636966731b0473716c31");

TEST(HostRefusal, HasTheCodeAndTheClockOfTheHost) {
  const auto refusal = read_host_refusal(kSkew);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, 37);
  EXPECT_EQ(iso_time(refusal->host_time), "2026-11-30T23:35:27.000Z");
}

TEST(HostRefusal, SaysByHowMuchTheClocksDiffer) {
  const auto refusal = read_host_refusal(kSkew).value();
  const auto behind =
      describe_host_refusal(refusal, "cifs/sql1", refusal.host_time - std::chrono::minutes(10));
  EXPECT_EQ(behind.kind, ErrorKind::denied);
  EXPECT_EQ(behind.what,
            "the host refuses the Kerberos ticket for cifs/sql1: its clock is 10 min ahead of "
            "ours (KRB_AP_ERR_SKEW)");
  EXPECT_EQ(
      describe_host_refusal(refusal, "cifs/sql1", refusal.host_time + std::chrono::seconds(301))
          .what,
      "the host refuses the Kerberos ticket for cifs/sql1: its clock is 5 min 1 s behind ours "
      "(KRB_AP_ERR_SKEW)");
}

TEST(HostRefusal, NamesWhatItDoesNotKnowByNumber) {
  const auto text = [](std::uint32_t code) {
    return describe_host_refusal({.code = code}, "cifs/sql1", Time()).what;
  };
  EXPECT_TRUE(text(41).contains("another account")) << text(41);
  EXPECT_TRUE(text(99).contains("Kerberos error 99")) << text(99);
}

TEST(HostRefusal, IsNothingElse) {
  for (std::size_t size = 0; size < kSkew.size(); size++)
    EXPECT_FALSE(read_host_refusal(BytesView(kSkew).first(size))) << size;
  for (std::size_t at = 0; at < kSkew.size(); at++) {
    auto broken = kSkew;
    broken[at] = 0xff;
    (void)read_host_refusal(broken);  // reads nothing beyond its end: the sanitizers look
  }
  auto reply = kSkew;
  reply[13] = 0x02;  // TOK_ID of an AP-REP
  EXPECT_FALSE(read_host_refusal(reply));
}

}  // namespace
}  // namespace tocsin::kerberos
