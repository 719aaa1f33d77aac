// Keys, signatures and sealed messages against values that another implementation (Python's
// hashlib and cryptography) computed.
#include <gtest/gtest.h>

#include "kit/hex.h"
#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"
#include "wire/smb2/secure_channel.h"

namespace tocsin::smb2 {
namespace {

using crypto::Cipher;

using kit::hex;

PreauthHash preauth_of_a_login() {
  PreauthHash hash;
  hash.add(as_bytes("negotiate"));
  hash.add(as_bytes("login"));
  return hash;
}

TEST(DeriveKeys, Smb21SignsWithTheSessionKeyItself) {
  const Negotiated negotiated{.dialect = Dialect::smb2_1};
  const auto keys = derive_keys(negotiated, kit::login_key(32), {});
  EXPECT_EQ(to_hex(keys.signing), to_hex(kit::login_key(16)));
  EXPECT_TRUE(keys.client_to_server.empty());
  // A shorter key is padded with zeros.
  EXPECT_EQ(to_hex(derive_keys(negotiated, hex("0102"), {}).signing),
            "01020000000000000000000000000000");
}

TEST(DeriveKeys, Smb30) {
  const auto keys = derive_keys({Dialect::smb3_0_2, SigningAlgorithm::aes_cmac, Cipher::aes128_ccm},
                                kit::login_key(), preauth_of_a_login());
  EXPECT_EQ(to_hex(keys.signing), "e0c4a33850c06397dfc4c9d19257f4a5");
  EXPECT_EQ(to_hex(keys.client_to_server), "8ef9e59225f094e758ef15e5fe7fd6c8");
  EXPECT_EQ(to_hex(keys.server_to_client), "58c929cb3123c4c05d013159b14c25de");
}

TEST(DeriveKeys, Smb311TakesThePreauthHash) {
  const auto keys = derive_keys({Dialect::smb3_1_1, SigningAlgorithm::aes_cmac, Cipher::aes128_gcm},
                                kit::login_key(32), preauth_of_a_login());
  EXPECT_EQ(to_hex(keys.signing), "3725f4b1e6849f0cd2bf90b709498a55");
  EXPECT_EQ(to_hex(keys.client_to_server), "9c8df62a6a54bd94ba10226b830e39cb");
  EXPECT_EQ(to_hex(keys.server_to_client), "952a8fc55bda1ebbac25dd3217e2be9c");
}

TEST(DeriveKeys, Aes256TakesTheFullSessionKey) {
  const auto keys = derive_keys({Dialect::smb3_1_1, SigningAlgorithm::aes_gmac, Cipher::aes256_gcm},
                                kit::login_key(32), preauth_of_a_login());
  EXPECT_EQ(to_hex(keys.signing), "3725f4b1e6849f0cd2bf90b709498a55");
  EXPECT_EQ(to_hex(keys.client_to_server),
            "e637b4efdd1e200645a93ee2aecd37ce0562a7c97fa39206ba901f3b05f43be0");
  EXPECT_EQ(to_hex(keys.server_to_client),
            "733dc8cc8c2172d4c8b17819551cb98916e0d88eb687995a89c5e4261bfce51c");
}

constexpr std::uint64_t kSession = 0x11;

Bytes make_message(Command command, std::uint32_t flags = 0) {
  Writer out;
  Header{.credit_charge = 1,
         .command = command,
         .credits = 1,
         .flags = flags,
         .message_id = 7,
         .session_id = kSession}
      .encode(out);
  EmptyBody{}.encode(out);
  return std::move(out).take();
}

SecureChannel channel(Role role, SigningAlgorithm signing, Cipher cipher = Cipher::none) {
  SessionKeys keys;
  std::ranges::copy(kit::login_key(), keys.signing.begin());
  keys.client_to_server = kit::login_key(crypto::key_size(cipher));
  keys.server_to_client = keys.client_to_server;
  return {role,
          {.dialect = Dialect::smb3_1_1, .signing = signing, .cipher = cipher},
          kSession,
          std::move(keys),
          kit::counting_random()};
}

struct Signature {
  SigningAlgorithm algorithm;
  std::string_view echo;         ///< an ECHO request
  std::string_view cancel;       ///< a CANCEL request
  std::string_view from_server;  ///< an ECHO response
};

class Signatures : public testing::TestWithParam<Signature> {};

TEST_P(Signatures, AreTheSpecifications) {
  const auto& expected = GetParam();
  const auto client = channel(Role::client, expected.algorithm);
  const auto server = channel(Role::server, expected.algorithm);
  const auto signature_of = [](BytesView message) { return to_hex(message.subspan(48, 16)); };

  auto echo = make_message(Command::echo);
  client.sign(echo);
  EXPECT_EQ(signature_of(echo), expected.echo);
  auto cancel = make_message(Command::cancel);
  client.sign(cancel);
  EXPECT_EQ(signature_of(cancel), expected.cancel);
  auto response = make_message(Command::echo, kFlagResponse);
  server.sign(response);
  EXPECT_EQ(signature_of(response), expected.from_server);

  EXPECT_TRUE(server.verify(echo));
  EXPECT_TRUE(server.verify(cancel));
  EXPECT_TRUE(client.verify(response));
}

INSTANTIATE_TEST_SUITE_P(
    Smb2, Signatures,
    testing::Values(
        Signature{SigningAlgorithm::hmac_sha256, "8cf849eb2fae911d9af14282ad5e104e",
                  "b906ace6f198d36db8331fe85b35e1c0", "73bc7d3d4f89c8da1150d17a815adbb6"},
        Signature{SigningAlgorithm::aes_cmac, "61b6e18f4fa81eb62a8629385faf8eca",
                  "1685cea31ff61946a9228e953a49feff", "65aacef7d27a6f644796279f4229e56f"},
        Signature{SigningAlgorithm::aes_gmac, "4a0e6bd7506f4fece1abf44ddc0a17b3",
                  "7b9c3a7fa92ca44255ce3c0b803cc3d9", "fbc7457c6909c202a789a92a86a5f4d7"}));

struct Sealed {
  Cipher cipher;
  std::string_view echo;  ///< an ECHO request, the first message of its session
};

class SealedMessages : public testing::TestWithParam<Sealed> {};

TEST_P(SealedMessages, AreTheSpecifications) {
  const auto& expected = GetParam();
  auto client = channel(Role::client, SigningAlgorithm::aes_cmac, expected.cipher);
  const auto plain = make_message(Command::echo);
  const auto seal = [&] {
    Bytes room(kTransformSize);
    room.insert(room.end(), plain.begin(), plain.end());
    client.seal(room);
    return room;
  };
  auto sealed = seal();
  EXPECT_EQ(to_hex(sealed), expected.echo);

  const auto server = channel(Role::server, SigningAlgorithm::aes_cmac, expected.cipher);
  for (std::size_t i = 0; i < sealed.size(); i++) {
    auto changed = sealed;
    changed[i] ^= 1;
    if (i >= 4) EXPECT_FALSE(server.open(changed)) << "byte " << i;
    EXPECT_FALSE(server.open(std::span(changed).first(i))) << i << " bytes";
  }
  ASSERT_TRUE(server.open(sealed));
  EXPECT_EQ(to_hex(BytesView(sealed).subspan(kTransformSize)), to_hex(plain));

  // No nonce comes twice.
  EXPECT_NE(to_hex(BytesView(seal()).subspan(20, 16)), to_hex(BytesView(seal()).subspan(20, 16)));
}

INSTANTIATE_TEST_SUITE_P(
    Smb2, SealedMessages,
    testing::Values(
        Sealed{Cipher::aes128_ccm,
               "fd534d4215bf7d6bb75d08e766ada00ddb4fabcb0000000000000000010203000000000044000000000"
               "00100110000000000000044dff3865211b606aacd603505794c3eaf0117473fa25037d8e32413470dcb"
               "92e6da408dd0d7cef5c7b653676169399dbd5b5f900026fbae40f3400f9ff526f4b7f50e0e"},
        Sealed{Cipher::aes128_gcm,
               "fd534d426694e3b5c27578a99829bd2fac0cd8340000000000000000010203040000000044000000000"
               "001001100000000000000d05f2eee07038993054fe8989749e30df4b8f81ef1c6cd2e0c4809c711b904"
               "8b301cc20dd89b1ecaaf1467ba9a175522ab50165ba3729461e308b3fc8cb13fd4e1f81cbd"},
        Sealed{Cipher::aes256_ccm,
               "fd534d420dd1b8486a9d05e1c96e5a106ea85ccc0000000000000000010203000000000044000000000"
               "00100110000000000000008a26df77c2c6b4b88d798fba430ab9c68953ed46dcbe7c23a2f9e30d7fd75"
               "04aef3ce890ce9fad1b281616d15ed9d1b089d335f1b7ff639f2be71109c905fb99bba2b71"},
        Sealed{Cipher::aes256_gcm,
               "fd534d42eba5d1ae24c8cf4784bb47a9c8f252030000000000000000010203040000000044000000000"
               "001001100000000000000dec71032cb94b34adc3d75077ef996f55530d0b8b4b37190c7952d9cff903f"
               "2a82f9233ca73764009286f012a1108e64c1a560abea120262a4ef573caec657af34349d23"}));

TEST(SecureChannel, OpensNothingBeforeItIsEstablished) {
  Bytes sealed(200);
  EXPECT_EQ(SecureChannel().open(sealed).error().what,
            "encrypted message where no cipher was negotiated");
}

TEST(SecureChannel, RefusesAMessageOfAnotherSession) {
  auto client = channel(Role::client, SigningAlgorithm::aes_cmac, Cipher::aes128_gcm);
  Bytes room(kTransformSize + 100);
  client.seal(room);
  const SecureChannel other(Role::server, {Dialect::smb3_1_1, {}, Cipher::aes128_gcm}, kSession + 1,
                            {}, kit::counting_random());
  EXPECT_EQ(other.open(room).error().what, "encrypted message of another session");
}

}  // namespace
}  // namespace tocsin::smb2
