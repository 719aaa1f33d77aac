// The NTLM and SPNEGO messages of real Windows hosts and clients: decoded, encoded again, and
// verified wherever a password or a session key is documented.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "kit/fixtures.h"
#include "kit/hex.h"
#include "wire/ntlm/keys.h"
#include "wire/ntlm/messages.h"
#include "wire/spnego/tokens.h"

namespace tocsin::ntlm {
namespace {

using nlohmann::json;

using kit::hex;

std::string hex_number(std::uint32_t number) { return fmt::format("0x{:08x}", number); }

constexpr std::array kAvNames{
    "EOL",   "NbComputerName", "NbDomainName", "DnsComputerName", "DnsDomainName",  "DnsTreeName",
    "Flags", "Timestamp",      "SingleHost",   "TargetName",      "ChannelBindings"};

/// As fixtures.json writes them.
json describe(const AvPairs& pairs) {
  json list = json::array();
  for (const auto& [id, value] : pairs) {
    const bool is_text = id <= AvId::dns_tree_name || id == AvId::target_name;
    list.push_back(
        {kAvNames.at(static_cast<std::size_t>(id)), is_text ? from_utf16(value) : to_hex(value)});
  }
  list.push_back({"EOL", ""});
  return list;
}

json describe(const Version& version) {
  return fmt::format("{}.{}.{} rev {}", version.major, version.minor, version.build,
                     version.revision);
}

json describe(const Negotiate& message) {
  return {{"type", 1},
          {"flags", hex_number(message.flags)},
          {"domain", message.domain},
          {"workstation", message.workstation},
          {"version", describe(message.version)}};
}

json describe(const Challenge& message) {
  return {{"type", 2},
          {"flags", hex_number(message.flags)},
          {"challenge", to_hex(message.server_challenge)},
          {"target", message.target},
          {"av", describe(message.target_info)},
          {"target_info_len", encode(message.target_info).size()},
          {"version", describe(message.version)}};
}

json describe(const Authenticate& message) {
  const BytesView response = message.nt_response;
  return {
      {"type", 3},
      {"flags", hex_number(message.flags)},
      {"domain", message.domain},
      {"user", message.user},
      {"workstation", message.workstation},
      {"lm", to_hex(message.lm_response)},
      {"lm_len", message.lm_response.size()},
      {"nt_len", response.size()},
      {"ntlmv2_proof", to_hex(response.first(16))},
      {"client_av", describe(decode_client_challenge(response.subspan(16)).value().target_info)},
      {"enc_session_key_len", message.encrypted_session_key.size()},
      {"mic_field", message.mic ? json(to_hex(*message.mic)) : json()},
      {"version", describe(message.version)}};
}

/// Every value of ours that fixtures.json states too.
void expect_described(const json& expected, const json& decoded, const std::string& file) {
  std::size_t compared = 0;
  for (const auto& [name, value] : decoded.items()) {
    if (!expected.contains(name)) continue;
    EXPECT_EQ(value.dump(), expected.at(name).dump()) << file << " " << name;
    compared++;
  }
  EXPECT_GE(compared, 4U) << file;
}

template <typename Message>
void expect_ntlm(const kit::Fixture& fixture, Result<Message> (*decode)(BytesView)) {
  const auto message = decode(fixture.bytes);
  ASSERT_TRUE(message) << fixture.file << ": " << message.error().what;
  expect_described(fixture.json.at("decoded"), describe(*message), fixture.file);
  EXPECT_EQ(decode(encode(*message)).value(), *message) << fixture.file;
}

TEST(WindowsNtlm, MessagesDecode) {
  const auto fixtures = kit::load_fixtures(TOCSIN_FIXTURES);
  if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;
  int messages = 0;
  for (const auto& fixture : fixtures) {
    if (fixture.protocol != "NTLMSSP") continue;
    messages++;
    const int type = fixture.json.at("decoded").at("type");
    if (type == 1) expect_ntlm(fixture, decode_negotiate);
    if (type == 2) expect_ntlm(fixture, decode_challenge);
    if (type == 3) expect_ntlm(fixture, decode_authenticate);
  }
  EXPECT_EQ(messages, 24);
}

/// 1.2.840.113554 from its DER content.
std::string dotted(const spnego::Oid& oid) {
  std::string text = fmt::format("{}.{}", oid.at(0) / 40, oid.at(0) % 40);
  unsigned value = 0;
  for (std::size_t i = 1; i < oid.size(); i++) {
    value = value << 7 | (oid[i] & 0x7FU);
    if (oid[i] < 0x80) text += fmt::format(".{}", std::exchange(value, 0));
  }
  return text;
}

json describe(const spnego::NegTokenInit& token) {
  std::string mechanisms;
  for (const auto& oid : token.mech_types)
    mechanisms += (mechanisms.empty() ? "" : "|") + dotted(oid);
  json facts{{"spnego.MechType", mechanisms}};
  if (token.hint_name) facts["spnego.hintName"] = *token.hint_name;
  if (token.mech_list_mic) facts["spnego.mechListMIC"] = to_hex(*token.mech_list_mic);
  return facts;
}

json describe(const spnego::NegTokenResp& token) {
  json facts = json::object();
  if (token.state) facts["spnego.negResult"] = std::to_string(static_cast<int>(*token.state));
  if (token.supported_mech) facts["spnego.supportedMech"] = dotted(*token.supported_mech);
  if (token.mech_list_mic) facts["spnego.mechListMIC"] = to_hex(*token.mech_list_mic);
  return facts;
}

TEST(WindowsSpnego, TokensDecodeAndEncodeToTheSameBytes) {
  const auto fixtures = kit::load_fixtures(TOCSIN_FIXTURES);
  if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;
  int tokens = 0;
  for (const auto& fixture : fixtures) {
    // Some clients send NTLM without SPNEGO around it; those messages are fixtures of their own.
    if (fixture.protocol != "SPNEGO" || fixture.bytes.front() == 'N') continue;
    tokens++;
    if (fixture.bytes.front() == 0x60) {
      const auto token = spnego::decode_init(fixture.bytes);
      ASSERT_TRUE(token) << fixture.file << ": " << token.error().what;
      EXPECT_EQ(describe(*token), fixture.json.at("tshark")) << fixture.file;
      EXPECT_EQ(to_hex(encode(*token)), to_hex(fixture.bytes)) << fixture.file;
    } else {
      const auto token = spnego::decode_resp(fixture.bytes);
      ASSERT_TRUE(token) << fixture.file << ": " << token.error().what;
      EXPECT_EQ(describe(*token), fixture.json.at("tshark")) << fixture.file;
      EXPECT_EQ(to_hex(encode(*token)), to_hex(fixture.bytes)) << fixture.file;
    }
  }
  EXPECT_EQ(tokens, 27);
}

/// The messages of one login.
struct Exchange {
  Bytes negotiate;
  Bytes challenge;
  Bytes authenticate;
};
Bytes bytes_of(const std::vector<kit::Fixture>& fixtures, const std::string& file) {
  for (const auto& fixture : fixtures)
    if (fixture.file == "messages/" + file + ".hex") return fixture.bytes;
  throw std::runtime_error("no fixture " + file);
}
Exchange exchange(const std::vector<kit::Fixture>& fixtures, const std::string& negotiate,
                  const std::string& challenge, const std::string& authenticate) {
  return {bytes_of(fixtures, negotiate), bytes_of(fixtures, challenge),
          bytes_of(fixtures, authenticate)};
}

/// Verifies the proof and answers the session key that follows.
Key16 session_key_of(const Exchange& login, const Secret& password) {
  const auto challenge = decode_challenge(login.challenge).value();
  const auto message = decode_authenticate(login.authenticate).value();
  const BytesView response = message.nt_response;
  const auto key = response_key(password, message.user, message.domain);
  const auto proved = proof(key, challenge.server_challenge, response.subspan(16));
  EXPECT_EQ(to_hex(proved), to_hex(response.first(16)));
  const auto base = session_base_key(key, proved);
  // Impacket sends a key even where it has not negotiated to exchange one.
  if ((message.flags & flag::kKeyExchange) == 0) return base;
  auto exchanged = Reader(message.encrypted_session_key).array<16>();
  crypto::rc4(base, exchanged);
  return exchanged;
}

void expect_mic(const Exchange& login, const Key16& session_key) {
  EXPECT_EQ(
      decode_authenticate(login.authenticate).value().mic,
      message_integrity_code(session_key, login.negotiate, login.challenge, login.authenticate));
}

// SOURCES.md of the captures documents both passwords.
TEST(WindowsNtlm, ProofsSessionKeysAndMicsVerify) {
  const auto fixtures = kit::load_fixtures(TOCSIN_FIXTURES);
  if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;
  const auto administrator =
      exchange(fixtures, "sv5162-2925-ntlm1", "sv5162-2926-ntlm2", "sv5162-2927-ntlm3");
  EXPECT_EQ(to_hex(session_key_of(administrator, Secret("vagrant"))),
            "38f05703a13fc5ce303d3f91f501c83c");
  const auto machine =
      exchange(fixtures, "sv5162-2902-ntlm1", "sv5162-2903-ntlm2", "sv5162-2904-ntlm3");
  const auto key = session_key_of(machine, Secret(""));
  EXPECT_EQ(to_hex(key), "4762ce1821be9f75c87e63d86c1787c1");
  expect_mic(machine, key);
}

TEST(WindowsNtlm, MicsOfBothSidesFollowFromTheSessionKey) {
  const auto fixtures = kit::load_fixtures(TOCSIN_FIXTURES);
  if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;
  int logins = 0;
  for (const auto& keys : kit::load_fixture_keys(TOCSIN_FIXTURES)) {
    if (keys.at("bits") != 256) continue;  // the others log in without a MIC
    const auto name = "ws-" + keys.at("name").get<std::string>();
    const auto session_key = Reader(hex(keys.at("session_key").get<std::string>())).array<16>();
    const auto login = exchange(fixtures, name + "-3-ntlm1", name + "-4-ntlm2", name + "-5-ntlm3");
    expect_mic(login, session_key);

    const auto flags = decode_authenticate(login.authenticate).value().flags;
    const auto mech_types = spnego::encode_mech_types(
        spnego::decode_init(bytes_of(fixtures, name + "-3-spnego")).value().mech_types);
    const auto mic = [&](const char* frame) {
      return to_hex(
          spnego::decode_resp(bytes_of(fixtures, name + frame)).value().mech_list_mic.value());
    };
    EXPECT_EQ(to_hex(signature(session_key, flags, Side::client, mech_types)), mic("-5-spnego"));
    EXPECT_EQ(to_hex(signature(session_key, flags, Side::server, mech_types)), mic("-6-spnego"));
    logins++;
  }
  EXPECT_EQ(logins, 2);
}

}  // namespace
}  // namespace tocsin::ntlm
