// The primitives against the published vectors of their specifications.
#include "wire/crypto.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "kit/fixtures.h"
#include "kit/hex.h"

namespace tocsin::crypto {
namespace {

using namespace std::string_view_literals;

using kit::hex;

/// Splits, so that every vector also proves that parts are joined as one message.
std::array<BytesView, 3> in_parts(BytesView all) {
  const auto third = all.size() / 3;
  return {all.first(third), all.subspan(third, third), all.subspan(2 * third)};
}

TEST(Md4, Rfc1320) {
  EXPECT_EQ(to_hex(md4({})), "31d6cfe0d16ae931b73c59d7e0c089c0");
  EXPECT_EQ(to_hex(md4(as_bytes("message digest"))), "d9130a8164549fe818874806e1c7014b");
  EXPECT_EQ(to_hex(md4(as_bytes("1234567890123456789012345678901234567890123456789012345678901234"
                                "5678901234567890"))),
            "e33b4ddc9c38f2199c3e7b164fcc0536");
}

TEST(Md5, Rfc1321) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("abcdefghijklmnopqrstuvwxyz"))),
            "c3fcd3d76192e4007dfb496cca67e13b");
}

TEST(HmacMd5, Rfc2202) {
  EXPECT_EQ(to_hex(hmac_md5(Bytes(16, 0x0b), {as_bytes("Hi "), as_bytes("There")})),
            "9294727a3638bb1c13f48ef8158bfc9d");
  EXPECT_EQ(to_hex(hmac_md5(as_bytes("Jefe"), {as_bytes("what do ya want for nothing?")})),
            "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(to_hex(hmac_md5(Bytes(80, 0xaa),
                            {as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")})),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
}

TEST(HmacMd5, TakesAnEmptyKey) {
  EXPECT_EQ(to_hex(hmac_md5({}, {})), "74e6f7298a9c2d168935f58c001bad88");
}

TEST(HmacSha256, Rfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), {as_bytes("Hi "), as_bytes("There")})),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want for nothing?")})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Sha512, Fips180) {
  EXPECT_EQ(to_hex(sha512({as_bytes("a"), {}, as_bytes("bc")})),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(AesCmac, Rfc4493) {
  const auto key = hex("2b7e151628aed2a6abf7158809cf4f3c");
  const auto message =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const auto mac = [&](std::size_t size) {
    const auto parts = in_parts(BytesView(message).first(size));
    return to_hex(aes_cmac(key, {parts[0], parts[1], parts[2]}));
  };
  EXPECT_EQ(mac(0), "bb1d6929e95937287fa37d129b756746");
  EXPECT_EQ(mac(16), "070a16b46b4d4144f79bdd9dd04a287c");
  EXPECT_EQ(mac(40), "dfa66747de9ae63030ca32611497c827");
  EXPECT_EQ(mac(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

// NIST CAVP, gcmEncryptExtIV128: no plain text, so the tag is GMAC.
TEST(AesGmac, NistCavp) {
  const auto associated = hex("7a43ec1d9c0a5a78a0b16533a6213cab");
  const auto parts = in_parts(associated);
  EXPECT_EQ(to_hex(aes_gmac(hex("77be63708971c4e240d1cb79e8d77feb"),
                            hex("e0e00f19fed7ba0136a797f3"), {parts[0], parts[1], parts[2]})),
            "209fcc8d3675ed938e9c7166709dd946");
}

// Test cases 4 and 16 of the GCM specification.
TEST(Aead, GcmSpecification) {
  const auto plain =
      hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const auto associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto nonce = hex("cafebabefacedbaddecaf888");
  auto data = plain;
  EXPECT_EQ(to_hex(seal(Cipher::aes128_gcm, hex("feffe9928665731c6d6a8f9467308308"), nonce,
                        associated, data)),
            "5bc94fbc3221a5db94fae95ae7121a47");
  EXPECT_EQ(to_hex(data),
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
  data = plain;
  EXPECT_EQ(to_hex(seal(Cipher::aes256_gcm,
                        hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                        nonce, associated, data)),
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

// No published vector has SMB's nonce of 11 bytes with a tag of 16: these follow from the
// definition in RFC 3610, by a program that had AES alone in common with OpenSSL and reproduced
// packet vector 1.
TEST(Aead, CcmByItsDefinition) {
  Bytes key(32);
  std::ranges::generate(key, [i = std::uint8_t{0}]() mutable { return i++; });
  const auto nonce = hex("404142434445464748494a");
  const auto sealed = [&](Cipher cipher) {
    auto data = to_bytes(as_bytes("One message in CCM, of 37 bytes in al"));
    const auto tag =
        seal(cipher, BytesView(key).first(key_size(cipher)), nonce, as_bytes("associated"), data);
    return to_hex(data) + " " + to_hex(tag);
  };
  EXPECT_EQ(sealed(Cipher::aes128_ccm),
            "b62f8857e45b4dfb4bc91a98b97ee1e68f4b561a4f1b81b130caa1354857bf145ac15cb1f9 "
            "ff65d4263433c583c221fe6ebf98dd5a");
  EXPECT_EQ(sealed(Cipher::aes256_ccm),
            "3a63168a668ff1470bbfadabe8ca6a73cbd6cb6a1e0276fa8a71099a1b03bcd4417a3be302 "
            "ac4eb59423e35dd5bafa7231151df55f");
}

TEST(Rc4, Rfc6229) {
  Bytes data(16);
  rc4(hex("0102030405"), data);
  EXPECT_EQ(to_hex(data), "b2396305f03dc027ccc3524a0a1118a8");
  data.assign(16, 0);
  rc4(hex("0102030405060708090a0b0c0d0e0f10"), data);
  EXPECT_EQ(to_hex(data), "9ac7cc9a609d1ef7b2932899cde41b97");
}

class EveryCipher : public testing::TestWithParam<Cipher> {
 protected:
  Bytes key_ = Bytes(key_size(GetParam()), 7);
  Bytes nonce_ = Bytes(nonce_size(GetParam()), 9);
};

TEST_P(EveryCipher, OpensWhatItSealed) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 64U, 4280U, 65536U}) {
    Bytes plain(size);
    for (std::size_t i = 0; i < size; i++) plain[i] = static_cast<std::uint8_t>(i);
    for (const auto associated : {BytesView{}, as_bytes("header")}) {
      auto data = plain;
      const auto tag = seal(GetParam(), key_, nonce_, associated, data);
      if (size > 0) EXPECT_NE(data, plain);
      ASSERT_TRUE(open(GetParam(), key_, nonce_, associated, data, tag)) << size;
      EXPECT_EQ(data, plain);
    }
  }
}

TEST_P(EveryCipher, TellsTheKeysOfManySessionsApart) {
  // The last key is not set up again; one like it but for its end is another.
  const auto sealed = [&](std::uint8_t end) {
    key_.back() = end;
    Bytes data(40);
    const auto tag = seal(GetParam(), key_, nonce_, {}, data);
    return to_hex(data) + to_hex(tag);
  };
  const auto first = sealed(1);
  const auto second = sealed(2);
  EXPECT_NE(first, second);
  EXPECT_EQ(sealed(2), second);
  EXPECT_EQ(sealed(1), first);
}

TEST_P(EveryCipher, OpensOneMessageAfterTheOtherWithNoncesOfTheirOwn) {
  for (std::uint8_t count = 0; count < 3; count++) {
    nonce_.front() = count;
    Bytes data(100, count);
    const auto tag = seal(GetParam(), key_, nonce_, as_bytes("header"), data);
    EXPECT_TRUE(open(GetParam(), key_, nonce_, as_bytes("header"), data, tag));
    EXPECT_EQ(data, Bytes(100, count));
  }
}

TEST_P(EveryCipher, RefusesWhatWasChanged) {
  Bytes sealed(100, 'x');
  const auto tag = seal(GetParam(), key_, nonce_, as_bytes("header"), sealed);
  const auto opens = [&](BytesView key, BytesView nonce, BytesView associated, Bytes data,
                         BytesView with) {
    return open(GetParam(), key, nonce, associated, data, with);
  };
  auto changed = sealed;
  changed.back() ^= 1;
  auto other_tag = tag;
  other_tag.back() ^= 1;
  EXPECT_FALSE(opens(key_, nonce_, as_bytes("header"), changed, tag));
  EXPECT_FALSE(opens(key_, nonce_, as_bytes("header"), sealed, other_tag));
  EXPECT_FALSE(opens(key_, nonce_, as_bytes("Header"), sealed, tag));
  EXPECT_FALSE(opens(key_, Bytes(nonce_.size(), 8), as_bytes("header"), sealed, tag));
  EXPECT_FALSE(opens(Bytes(key_.size(), 8), nonce_, as_bytes("header"), sealed, tag));
  EXPECT_FALSE(opens(key_, nonce_, as_bytes("header"), sealed, BytesView(tag).first(15)));
  // A refusal leaves nothing behind that would spoil the next message.
  EXPECT_TRUE(opens(key_, nonce_, as_bytes("header"), sealed, tag));
}

INSTANTIATE_TEST_SUITE_P(Crypto, EveryCipher,
                         testing::Values(Cipher::aes128_ccm, Cipher::aes128_gcm, Cipher::aes256_ccm,
                                         Cipher::aes256_gcm));

std::string derive(std::string_view key, std::string_view label, BytesView context, unsigned bits) {
  return to_hex(kdf(hex(key), as_bytes(label), context, bits));
}

// Labels and contexts of [MS-SMB2] 3.1.4.2, each with its terminating zero.
constexpr auto kSign = "SmbSign\0"sv;
constexpr auto kSignLabel = "SMB2AESCMAC\0"sv;
constexpr auto kSignLabel311 = "SMBSigningKey\0"sv;
constexpr auto kToServer = "ServerIn \0"sv;
constexpr auto kToServerLabel311 = "SMBC2SCipherKey\0"sv;
constexpr auto kToClient = "ServerOut\0"sv;
constexpr auto kToClientLabel311 = "SMBS2CCipherKey\0"sv;
constexpr auto kCipherLabel = "SMB2AESCCM\0"sv;

// Microsoft, "SMB 2 and SMB 3 security in Windows 10: the anatomy of signing and cryptographic
// keys".
TEST(Kdf, MicrosoftVectors) {
  constexpr auto kKey = "7cd451825d0450d235424e44ba6e78cc";
  EXPECT_EQ(derive(kKey, kSignLabel, as_bytes(kSign), 128), "0b7e9c5cac36c0f6ea9ab275298cedce");
  EXPECT_EQ(derive(kKey, kCipherLabel, as_bytes(kToServer), 128),
            "fad27796665b313ebb578f388632b4f7");
  EXPECT_EQ(derive(kKey, kCipherLabel, as_bytes(kToClient), 128),
            "b0f0427f7ceb416d1d9dcc0cd4f99447");
  EXPECT_EQ(derive("270e1ba896585eeb7af3472d3b4c75a7", kSignLabel311,
                   hex("0dd13628cc3ed218ef9df9772d436d0887ab9814bfae63a80aa845f36909db79"
                       "28622dddad522d9751640a459762c5a9d6bb084cbb3ce6bdadef5d5bce3c6c01"),
                   128),
            "73fe7a9a77bef0bde49c650d8ccb5f76");
}

TEST(Kdf, DerivesTheKeysOfRealSessions) {
  const auto all = kit::load_fixture_keys(TOCSIN_FIXTURES);
  if (all.empty()) GTEST_SKIP() << kit::kNoFixtures;
  for (const auto& keys : all) {
    const auto key = keys.at("session_key").get<std::string>();
    const auto preauth = hex(keys.at("preauth").get<std::string>());
    const auto bits = keys.at("bits").get<unsigned>();
    const auto derived = [&](std::string_view label, std::string_view context,
                             std::string_view label311, unsigned size) {
      return preauth.empty() ? derive(key, label, as_bytes(context), size)
                             : derive(key, label311, preauth, size);
    };
    const auto expected = [&](const char* name) { return keys.at(name).get<std::string>(); };
    EXPECT_EQ(derived(kSignLabel, kSign, kSignLabel311, 128), expected("signing_key"));
    EXPECT_EQ(derived(kCipherLabel, kToClient, kToClientLabel311, bits), expected("derived_s2c"));
    EXPECT_EQ(derived(kCipherLabel, kToServer, kToServerLabel311, bits), expected("derived_c2s"));
  }
}

TEST(Equal, ComparesSizesAndBytes) {
  EXPECT_TRUE(equal({}, {}));
  EXPECT_TRUE(equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal(as_bytes("abc"), as_bytes("ab")));
}

/// Section 12.
TEST(Scrypt, Rfc7914) {
  const auto hash = [](std::string_view password, std::string_view salt, ScryptCost cost) {
    return to_hex(scrypt(as_bytes(password), as_bytes(salt), cost, 64).value_or(Bytes()));
  };
  EXPECT_EQ(hash("", "", {.log2_cost = 4, .block_size = 1, .parallel = 1}),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  EXPECT_EQ(hash("password", "NaCl", {.log2_cost = 10, .block_size = 8, .parallel = 16}),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(
      hash("pleaseletmein", "SodiumChloride", {.log2_cost = 14, .block_size = 8, .parallel = 1}),
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

}  // namespace
}  // namespace tocsin::crypto
