#include "wire/ntlm/messages.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "kit/hex.h"
#include "wire/filetime.h"

namespace tocsin::ntlm {
namespace {

using kit::hex;

// [MS-NLMP] 4.2.4.3.
const Bytes kChallenge =
    hex("4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef00000000000000002400240044"
        "000000"
        "060070170000000f53006500720076006500720002000c0044006f006d00610069006e0001000c005300650072"
        "007600"
        "6500720000000000");
const Bytes kAuthenticate =
    hex("4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000"
        "100010005c00000010001000d8000000358288e20501280a0000000f44006f006d00610069006e0055007300"
        "6500720043004f004d0050005500540045005200"
        "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
        "68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000"
        "02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000"
        "c5dad2544fc9799094ce1ce90bc9d03e");

TEST(NtlmMessages, DecodeTheSpecificationsChallenge) {
  const auto message = decode_challenge(kChallenge);
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_EQ(message->flags, 0xe28a8233);
  EXPECT_EQ(message->target, "Server");
  EXPECT_EQ(to_hex(message->server_challenge), "0123456789abcdef");
  EXPECT_EQ(message->version, (Version{.major = 6, .minor = 0, .build = 6000, .revision = 15}));
  EXPECT_EQ(message->target_info, (AvPairs{{AvId::nb_domain_name, to_utf16("Domain")},
                                           {AvId::nb_computer_name, to_utf16("Server")}}));
  EXPECT_EQ(to_hex(encode(*message)), to_hex(kChallenge));
}

TEST(NtlmMessages, DecodeTheSpecificationsAuthenticate) {
  const auto message = decode_authenticate(kAuthenticate);
  ASSERT_TRUE(message) << message.error().what;
  EXPECT_EQ(message->flags, 0xe2888235);
  EXPECT_EQ(message->domain, "Domain");
  EXPECT_EQ(message->user, "User");
  EXPECT_EQ(message->workstation, "COMPUTER");
  EXPECT_EQ(message->version, (Version{.major = 5, .minor = 1, .build = 2600, .revision = 15}));
  EXPECT_EQ(to_hex(message->lm_response), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
  EXPECT_EQ(message->nt_response.size(), 84U);
  EXPECT_EQ(to_hex(message->encrypted_session_key), "c5dad2544fc9799094ce1ce90bc9d03e");
  EXPECT_EQ(message->mic, std::nullopt);
  EXPECT_EQ(decode_authenticate(encode(*message)).value(), *message);
}

TEST(NtlmMessages, DecodeAClientChallenge) {
  const auto response = decode_authenticate(kAuthenticate).value().nt_response;
  const auto challenge = decode_client_challenge(BytesView(response).subspan(16));
  ASSERT_TRUE(challenge) << challenge.error().what;
  EXPECT_EQ(challenge->filetime, 0U);
  EXPECT_EQ(to_hex(challenge->challenge), "aaaaaaaaaaaaaaaa");
  EXPECT_EQ(challenge->target_info.size(), 2U);
  EXPECT_EQ(to_hex(encode(*challenge)), to_hex(BytesView(response).subspan(16)));
}

TEST(NtlmMessages, KeepAMicWhereThereIsRoomForIt) {
  Authenticate message{.flags = flag::kUnicode, .user = "u", .mic = {}};
  EXPECT_EQ(decode_authenticate(encode(message)).value(), message);
  message.mic.emplace().fill(7);
  const auto bytes = encode(message);
  EXPECT_EQ(decode_authenticate(bytes).value(), message);
  EXPECT_EQ(to_hex(BytesView(bytes).subspan(kMicOffset, kMicSize)), to_hex(*message.mic));
}

TEST(NtlmMessages, TakeShortNegotiatesOfOldClients) {
  const auto bare = decode_negotiate(hex("4e544c4d535350000100000005020000"));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->flags, 0x205U);
  const Negotiate full{.flags = flag::kVersion,
                       .domain = "CORP",
                       .workstation = "PC",
                       .version = {.major = 10, .minor = 0, .build = 1, .revision = 15}};
  EXPECT_EQ(decode_negotiate(encode(full)).value(), full);
}

TEST(NtlmMessages, ReadTextOfACodePageWithoutUnicode) {
  Challenge message{.target = "OLD"};
  EXPECT_EQ(decode_challenge(encode(message)).value(), message);
  EXPECT_EQ(encode(message).size(), 56U + 3);
}

TEST(NtlmMessages, RefuseWhatIsCutShort) {
  for (std::size_t size = 0; size < kChallenge.size(); size++)
    EXPECT_FALSE(decode_challenge(BytesView(kChallenge).first(size))) << size;
  for (std::size_t size = 0; size < kAuthenticate.size(); size++)
    EXPECT_FALSE(decode_authenticate(BytesView(kAuthenticate).first(size))) << size;
  const auto negotiate = encode(Negotiate{.flags = flag::kVersion, .domain = "D"});
  for (std::size_t size = 0; size < negotiate.size(); size++)
    EXPECT_EQ(decode_negotiate(BytesView(negotiate).first(size)).has_value(), size == 16) << size;
}

TEST(NtlmMessages, RefuseOtherMessagesAndFieldsOutside) {
  EXPECT_FALSE(decode_challenge(kAuthenticate));
  EXPECT_FALSE(decode_authenticate(kChallenge));
  EXPECT_FALSE(decode_negotiate(kChallenge));
  auto outside = kChallenge;
  outside[19] = 0xff;  // the highest byte of an offset
  EXPECT_FALSE(decode_challenge(outside));
  auto no_end = kChallenge;
  no_end[40] -= 4;  // the target info without its terminator
  EXPECT_FALSE(decode_challenge(no_end));
}

TEST(NtlmMessages, FileTimesCountFrom1601) {
  EXPECT_EQ(wire::to_filetime(Time{}), 116'444'736'000'000'000U);
  EXPECT_EQ(wire::to_filetime(Time{std::chrono::milliseconds{1}}), 116'444'736'000'010'000U);
}

}  // namespace
}  // namespace tocsin::ntlm
