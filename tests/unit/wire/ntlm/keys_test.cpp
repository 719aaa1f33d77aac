// The computations against [MS-NLMP] 4.2.4.
#include "wire/ntlm/keys.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "kit/hex.h"
#include "wire/ntlm/messages.h"

namespace tocsin::ntlm {
namespace {

using kit::hex;

Key16 key16(std::string_view text) { return Reader(hex(text)).array<16>(); }

const Secret kPassword("Password");

TEST(NtlmKeys, ResponseKey) {
  EXPECT_EQ(to_hex(response_key(kPassword, "User", "Domain")), "0c868a403bfd7a93a3001ef22ef02e3f");
}

TEST(NtlmKeys, TheCaseOfTheUserDoesNotCountButThatOfTheDomainDoes) {
  EXPECT_EQ(response_key(kPassword, "uSER", "Domain"), response_key(kPassword, "User", "Domain"));
  EXPECT_NE(response_key(kPassword, "User", "DOMAIN"), response_key(kPassword, "User", "Domain"));
  EXPECT_EQ(response_key(kPassword, "jörg", ""), response_key(kPassword, "JÖRG", ""));
}

TEST(NtlmKeys, ProofAndSessionBaseKey) {
  const auto key = response_key(kPassword, "User", "Domain");
  const auto client_challenge =
      hex("01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00"
          "01000c005300650072007600650072000000000000000000");
  const auto proved = proof(key, hex("0123456789abcdef"), client_challenge);
  EXPECT_EQ(to_hex(proved), "68cd0ab851e51c96aabc927bebef6a1c");
  const auto base = session_base_key(key, proved);
  EXPECT_EQ(to_hex(base), "8de40ccadbc14a82f15cb0ad0de95ca3");
  Bytes session_key(16, 0x55);
  crypto::rc4(base, session_key);
  EXPECT_EQ(to_hex(session_key), "c5dad2544fc9799094ce1ce90bc9d03e");
}

// 4.2.4.4 seals 18 bytes before it encrypts the checksum; the keys and the layout are ours all the
// same: with its SealKey and what it sealed in front, our plain checksum becomes the published one.
TEST(NtlmKeys, Signature) {
  Key16 session_key;
  session_key.fill(0x55);
  const auto plain_text = hex("50006c00610069006e007400650078007400");
  const auto seal_key = hex("59f600973cc4960a25480a7c196e4c58");

  const auto plain = signature(session_key, 0, Side::client, plain_text);
  auto stream = plain_text;
  stream.insert(stream.end(), plain.begin() + 4, plain.begin() + 12);
  crypto::rc4(seal_key, stream);
  EXPECT_EQ(to_hex(stream), "54e50165bf1936dc996020c1811b0f06fb5f7fb38ec5c55d4976");
  EXPECT_EQ(to_hex(BytesView(plain).first(4)), "01000000");
  EXPECT_EQ(to_hex(BytesView(plain).last(4)), "00000000");

  const auto exchanged = signature(session_key, flag::kKeyExchange, Side::client, plain_text);
  Bytes checksum(exchanged.begin() + 4, exchanged.begin() + 12);
  crypto::rc4(seal_key, checksum);
  EXPECT_TRUE(std::equal(checksum.begin(), checksum.end(), plain.begin() + 4));
  EXPECT_NE(signature(session_key, 0, Side::server, plain_text), plain);
}

TEST(NtlmKeys, TheMicCountsItsOwnPlaceAsZeros) {
  const auto key = key16("8de40ccadbc14a82f15cb0ad0de95ca3");
  Bytes message(100, 1);
  const auto mic =
      message_integrity_code(key, as_bytes("negotiate"), as_bytes("challenge"), message);
  std::fill_n(message.begin() + kMicOffset, kMicSize, std::uint8_t{9});
  EXPECT_EQ(message_integrity_code(key, as_bytes("negotiate"), as_bytes("challenge"), message),
            mic);
  message.back() = 2;
  EXPECT_NE(message_integrity_code(key, as_bytes("negotiate"), as_bytes("challenge"), message),
            mic);
}

}  // namespace
}  // namespace tocsin::ntlm
