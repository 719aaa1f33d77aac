#include "wire/spnego/tokens.h"

#include <gtest/gtest.h>

#include "kit/hex.h"

namespace tocsin::spnego {
namespace {

using kit::hex;

const Oid kNtlm = to_bytes(kNtlmOid);
// 1.3.6.1.4.1.311.2.2.30
const Oid kNegoex = hex("2b06010401823702021e");

// A standalone Windows host's hint is this with a NEGOEX token of some hundred bytes.
TEST(SpnegoTokens, DecodeAHintByItsMechanisms) {
  const auto bytes =
      hex("6054"
          "06062b0601050502"
          "a04a3048"
          "a01a3018060a2b06010401823702021e060a2b06010401823702020a"
          // The beginning of NEGOEX stands for its token, which we skip.
          "a2060404"
          "4e45474f"
          // An address beside the name, and a MIC behind the hints.
          "a31c301aa00a1b08"
          "69676e6f7265"
          "6d65"
          "a10c040a00010203040506070809"
          "a4040402"
          "abcd");
  const auto token = decode_init(bytes);
  ASSERT_TRUE(token) << token.error().what;
  EXPECT_EQ(token->mech_types, (std::vector<Oid>{kNegoex, kNtlm}));
  EXPECT_EQ(token->mech_token, to_bytes(as_bytes("NEGO")));
  EXPECT_EQ(token->hint_name, "ignoreme");
  EXPECT_EQ(token->mech_list_mic, hex("abcd"));
}

TEST(SpnegoTokens, EncodeADomainMembersHint) {
  // Windows Server 2016 as a domain member says exactly this.
  const NegTokenInit hint{
      .mech_types = {kNegoex, hex("2a864882f712010202"), hex("2a864886f712010202"),
                     hex("2a864886f71201020203"), kNtlm},
      .hint_name = std::string(kHintName)};
  const auto bytes = encode(hint);
  EXPECT_EQ(
      to_hex(bytes),
      "607606062b0601050502a06c306aa03c303a060a2b06010401823702021e06092a864882f71201020206092a"
      "864886f712010202060a2a864886f71201020203060a2b06010401823702020aa32a3028a0261b246e6f745f"
      "646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265");
  EXPECT_EQ(decode_init(bytes).value(), hint);
}

TEST(SpnegoTokens, EncodeTheEndOfALogin) {
  const NegTokenResp token{.state = NegState::accept_completed, .mech_list_mic = Bytes(16, 7)};
  EXPECT_EQ(to_hex(encode(token)), "a11b3019a0030a0100a312041007070707070707070707070707070707");
}

TEST(SpnegoTokens, GoThereAndBack) {
  // Sizes on both sides of each step in the length of a length.
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65'535U, 65'536U}) {
    const NegTokenInit init{
        .mech_types = {kNtlm}, .mech_token = Bytes(size, 1), .mech_list_mic = Bytes(16, 2)};
    EXPECT_EQ(decode_init(encode(init)).value(), init) << size;
    const NegTokenResp resp{.state = NegState::request_mic,
                            .supported_mech = kNtlm,
                            .response_token = Bytes(size, 1),
                            .mech_list_mic = Bytes(16, 2)};
    EXPECT_EQ(decode_resp(encode(resp)).value(), resp) << size;
  }
  EXPECT_EQ(decode_resp(encode(NegTokenResp{})).value(), NegTokenResp{});
}

TEST(SpnegoTokens, RefuseWhatIsCutShort) {
  const auto init = encode(NegTokenInit{.mech_types = {kNtlm},
                                        .mech_token = Bytes(200),
                                        .hint_name = "x",
                                        .mech_list_mic = Bytes(1)});
  for (std::size_t size = 0; size < init.size(); size++)
    EXPECT_FALSE(decode_init(BytesView(init).first(size))) << size;
  const auto resp = encode(NegTokenResp{
      .state = NegState::reject, .supported_mech = kNtlm, .response_token = Bytes(200)});
  for (std::size_t size = 0; size < resp.size(); size++)
    EXPECT_FALSE(decode_resp(BytesView(resp).first(size))) << size;
}

TEST(SpnegoTokens, RefuseWhatIsNotDer) {
  EXPECT_TRUE(decode_resp(hex("a1073005a0030a0100")));
  EXPECT_FALSE(decode_resp(hex("a1073005a0030a0104")));        // no such state
  EXPECT_FALSE(decode_resp(hex("a1083006a0040a020000")));      // two bytes of it
  EXPECT_FALSE(decode_resp(hex("a181073005a0030a0100")));      // a length longer than needed
  EXPECT_FALSE(decode_resp(hex("a180a0030a01000000")));        // an indefinite length
  EXPECT_FALSE(decode_resp(hex("a185000000000730050a0100")));  // a length of five bytes
  EXPECT_FALSE(decode_resp(hex("a1fd3005a0030a0100")));        // a length of 125 bytes
  EXPECT_FALSE(decode_resp(hex("a18200073005a0030a0100")));    // a length that begins with zero
  EXPECT_FALSE(decode_resp(hex("a1083005a0030a010000")));      // something behind the sequence
  EXPECT_FALSE(decode_resp(hex("a1073005a0030b0100")));        // another type of value
  EXPECT_FALSE(decode_init(encode(NegTokenInit{})));           // nothing to choose from
}

}  // namespace
}  // namespace tocsin::spnego
