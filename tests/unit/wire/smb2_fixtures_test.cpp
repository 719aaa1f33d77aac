// Every SMB2 message of the Windows captures decodes to what a dissector says, and where a session
// key is documented, our keys verify their signatures and open their encryption.
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "kit/fixtures.h"
#include "wire/smb2/frame.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/secure_channel.h"

namespace tocsin::smb2 {
namespace {

using crypto::Cipher;
using kit::Fixture;

std::vector<Fixture> load(std::string_view protocol) {
  std::vector<Fixture> all;
  for (auto& fixture : kit::load_fixtures(TOCSIN_FIXTURES))
    if (fixture.protocol == protocol) all.push_back(std::move(fixture));
  return all;
}

/// A number as fixtures.json writes it: decimal, or hexadecimal with 0x.
std::uint64_t number(const nlohmann::json& value) {
  return value.is_number() ? value.get<std::uint64_t>()
                           : std::stoull(value.get<std::string>(), nullptr, 0);
}

/// What tshark decodes a field to, where it does.
class Expected {
 public:
  explicit Expected(const Fixture& fixture) : tshark_(fixture.json.at("tshark")) {}

  template <typename Value>
  void equals(const char* field, Value value) const {
    if (tshark_.contains(field))
      EXPECT_EQ(static_cast<std::uint64_t>(value), number(tshark_.at(field))) << field;
  }
  void is_text(const char* field, const std::string& value) const {
    if (tshark_.contains(field)) EXPECT_EQ(value, tshark_.at(field).get<std::string>()) << field;
  }

 private:
  const nlohmann::json& tshark_;
};

template <typename Body>
Body decode(const Fixture& fixture) {
  auto body = Body::decode(fixture.bytes);
  if (!body) {
    ADD_FAILURE() << body.error().what;
    return {};
  }
  return *std::move(body);
}

void check_header(const Fixture& fixture, const Header& header) {
  const auto& expected = fixture.json.at("header");
  EXPECT_EQ(static_cast<std::uint64_t>(header.command), number(expected.at("command")));
  EXPECT_EQ(header.credit_charge, number(expected.at("credit_charge")));
  EXPECT_EQ(header.credits, number(expected.at("credits")));
  EXPECT_EQ(header.flags, number(expected.at("flags")));
  EXPECT_EQ(header.message_id, number(expected.at("message_id")));
  EXPECT_EQ(header.session_id, number(expected.at("session_id")));
  EXPECT_EQ((header.flags & kFlagSigned) != 0, expected.at("signed").get<bool>());
  if (fixture.direction == "response")
    EXPECT_EQ(static_cast<std::uint32_t>(header.status), number(expected.at("status")));
  if (expected.at("async_id").is_null()) {
    EXPECT_EQ(header.tree_id, number(expected.at("tree_id")));
  } else {
    EXPECT_EQ(header.async_id, number(expected.at("async_id")));
  }
}

void check_contexts(const Fixture& fixture, const NegotiateContexts& contexts) {
  const auto& tshark = fixture.json.at("tshark");
  if (!tshark.contains("smb2.negotiate_context.type")) return;
  const auto types = tshark.at("smb2.negotiate_context.type").get<std::string>();
  const auto has = [&](std::string_view type) { return types.find(type) != std::string::npos; };
  ASSERT_TRUE(contexts.preauth);
  EXPECT_EQ(contexts.preauth->hashes, std::vector{kHashSha512});
  EXPECT_EQ(contexts.preauth->salt.size(), 32U);
  EXPECT_EQ(contexts.ciphers.has_value(), has("0x0002"));
  EXPECT_EQ(contexts.net_name.has_value(), has("0x0005"));
  EXPECT_EQ(contexts.signing.has_value(), has("0x0008"));
}

void check_request(const Fixture& fixture, Command command) {
  const Expected expected(fixture);
  switch (command) {
    case Command::negotiate: {
      const auto body = decode<NegotiateRequest>(fixture);
      expected.equals("smb2.dialect_count", body.dialects.size());
      expected.equals("smb2.sec_mode", body.security_mode);
      expected.equals("smb2.capabilities", body.capabilities);
      if (body.dialects.size() == 1) expected.equals("smb2.dialect", body.dialects.front());
      return check_contexts(fixture, body.contexts);
    }
    case Command::session_setup: {
      const auto body = decode<SessionSetupRequest>(fixture);
      expected.equals("smb2.sec_mode", body.security_mode);
      expected.equals("smb2.capabilities", body.capabilities);
      EXPECT_FALSE(body.token.empty());
      return;
    }
    case Command::tree_connect:
      return expected.is_text("smb2.tree", decode<TreeConnectRequest>(fixture).path);
    case Command::create:
      return expected.is_text("smb2.filename", decode<CreateRequest>(fixture).name);
    case Command::read:
      return expected.equals("smb2.read_length", decode<ReadRequest>(fixture).length);
    case Command::write:
      return expected.equals("smb2.write_length", decode<WriteRequest>(fixture).data.size());
    case Command::ioctl: {
      const auto body = decode<IoctlRequest>(fixture);
      expected.equals("smb2.ioctl.function", body.code);
      return expected.equals("dcerpc.cn_frag_len", body.input.size());
    }
    case Command::query_info: {
      const auto body = decode<QueryInfoRequest>(fixture);
      EXPECT_EQ(body.type, 1);
      EXPECT_EQ(body.info_class, 5);
      return;
    }
    case Command::close:
      decode<CloseRequest>(fixture);
      return;
    case Command::logoff:
    case Command::tree_disconnect:
      decode<EmptyBody>(fixture);
      return;
    default:
      ADD_FAILURE() << "no such command is expected here";
  }
}

void check_response(const Fixture& fixture, Command command) {
  const Expected expected(fixture);
  switch (command) {
    case Command::negotiate: {
      const auto body = decode<NegotiateResponse>(fixture);
      expected.equals("smb2.dialect", body.dialect);
      expected.equals("smb2.sec_mode", body.security_mode);
      expected.equals("smb2.capabilities", body.capabilities);
      expected.equals("smb2.max_trans_size", body.max_transact);
      expected.equals("smb2.max_read_size", body.max_read);
      expected.equals("smb2.max_write_size", body.max_write);
      EXPECT_FALSE(body.token.empty());
      return check_contexts(fixture, body.contexts);
    }
    case Command::session_setup:
      return expected.equals("smb2.session_flags", decode<SessionSetupResponse>(fixture).flags);
    case Command::tree_connect: {
      const auto body = decode<TreeConnectResponse>(fixture);
      expected.equals("smb2.share_type", body.share_type);
      return expected.equals("smb2.share_flags", body.share_flags);
    }
    case Command::create:
      return expected.equals("smb2.create.action", decode<CreateResponse>(fixture).action);
    case Command::read:
      return expected.equals("dcerpc.cn_frag_len", decode<ReadResponse>(fixture).data.size());
    case Command::write:
      EXPECT_GT(decode<WriteResponse>(fixture).count, 0U);
      return;
    case Command::ioctl: {
      const auto body = decode<IoctlResponse>(fixture);
      expected.equals("smb2.ioctl.function", body.code);
      return expected.equals("dcerpc.cn_frag_len", body.output.size());
    }
    case Command::query_info:
      EXPECT_EQ(decode<QueryInfoResponse>(fixture).data.size(), 24U);
      return;
    case Command::close:
      decode<CloseResponse>(fixture);
      return;
    case Command::logoff:
    case Command::tree_disconnect:
      decode<EmptyBody>(fixture);
      return;
    default:
      ADD_FAILURE() << "no such command is expected here";
  }
}

TEST(WindowsSmb2, EveryMessageDecodesToWhatADissectorSays) {
  const auto messages = load("SMB2");
  if (messages.empty()) GTEST_SKIP() << kit::kNoFixtures;
  for (const auto& fixture : messages) {
    SCOPED_TRACE(fixture.file);
    const auto header = Header::decode(fixture.bytes);
    ASSERT_TRUE(header) << header.error().what;
    check_header(fixture, *header);
    if (fixture.direction == "request") {
      check_request(fixture, header->command);
    } else if (header->status == Status::pending) {
      decode<ErrorResponse>(fixture);
    } else {
      check_response(fixture, header->command);
    }
  }
  EXPECT_EQ(messages.size(), 124U);
}

/// The messages of one of Wireshark's captures: negotiation, login, and two sealed messages.
struct Login {
  std::vector<Fixture> plain;
  std::vector<Fixture> sealed;
  std::vector<Fixture> opened;
};

std::map<std::string, Login> load_logins() {
  std::map<std::string, Login> logins;
  for (auto& fixture : kit::load_fixtures(TOCSIN_FIXTURES)) {
    // messages/ws-NAME-FRAME-...
    constexpr std::string_view kPrefix = "messages/ws-";
    if (!fixture.file.starts_with(kPrefix)) continue;
    auto name = fixture.file.substr(kPrefix.size());
    name.resize(name.find("cm-") + 2);
    auto& login = logins[name];
    auto& kind = fixture.protocol == "SMB2"             ? login.plain
                 : fixture.protocol == "SMB2_TRANSFORM" ? login.sealed
                                                        : login.opened;
    if (fixture.protocol.starts_with("SMB2")) kind.push_back(std::move(fixture));
  }
  return logins;
}

/// What the two sides settled, and the hash of what they said before they had keys.
std::pair<Negotiated, PreauthHash> follow(const Login& login) {
  Negotiated negotiated;
  PreauthHash preauth;
  for (const auto& fixture : login.plain) {
    const auto header = Header::decode(fixture.bytes).value();
    if (fixture.direction == "response" && header.command == Command::negotiate) {
      const auto answer = NegotiateResponse::decode(fixture.bytes).value();
      negotiated = {answer.dialect, SigningAlgorithm::aes_cmac, Cipher::aes128_ccm};
      if (answer.contexts.ciphers) negotiated.cipher = answer.contexts.ciphers->front();
      if (answer.contexts.signing) negotiated.signing = answer.contexts.signing->front();
    }
    const bool last = header.command == Command::session_setup && fixture.direction == "response" &&
                      header.status == Status::success;
    if (!last) preauth.add(fixture.bytes);
  }
  return {negotiated, preauth};
}

TEST(WindowsSmb2, DocumentedSessionKeysVerifyAndOpenWhatWasSent) {
  const auto keys = kit::load_fixture_keys(TOCSIN_FIXTURES);
  if (keys.empty()) GTEST_SKIP() << kit::kNoFixtures;
  const auto logins = load_logins();
  for (const auto& documented : keys) {
    const auto name = documented.at("name").get<std::string>();
    SCOPED_TRACE(name);
    const auto& login = logins.at(name);
    const auto [negotiated, preauth] = follow(login);
    const auto session_key = from_hex(documented.at("session_key").get<std::string>()).value();
    const auto derived = derive_keys(negotiated, session_key, preauth);
    EXPECT_EQ(to_hex(derived.signing), documented.at("signing_key").get<std::string>());
    EXPECT_EQ(to_hex(derived.client_to_server), documented.at("derived_c2s").get<std::string>());
    EXPECT_EQ(to_hex(derived.server_to_client), documented.at("derived_s2c").get<std::string>());

    auto last = login.plain.back().bytes;
    const auto session_id = Header::decode(last).value().session_id;
    const auto no_random = [](std::span<std::uint8_t>) {};
    const SecureChannel client(Role::client, negotiated, session_id, derived, no_random);
    const SecureChannel server(Role::server, negotiated, session_id, derived, no_random);
    EXPECT_TRUE(client.verify(last));

    ASSERT_EQ(login.sealed.size(), login.opened.size());
    for (std::size_t i = 0; i < login.sealed.size(); i++) {
      auto message = login.sealed[i].bytes;
      const auto& receiver = login.sealed[i].direction == "request" ? server : client;
      ASSERT_TRUE(receiver.open(message));
      message.erase(message.begin(), message.begin() + kTransformSize);
      EXPECT_EQ(to_hex(message), to_hex(login.opened[i].bytes));
    }
  }
}

/// The SMB2 messages of a capture in which each lies in one Ethernet frame (IPv4, TCP).
std::vector<Bytes> load_capture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<Bytes> messages;
  Reader in(as_bytes(text));
  in.skip(24);
  while (in.ok() && in.remaining() > 0) {
    in.skip(8);
    const auto size = in.u32();
    in.skip(4);
    Reader frame(in.bytes(size));
    frame.skip(14);
    const auto ip_size = static_cast<std::size_t>(frame.u8() & 15) * 4;
    frame.skip(1);
    const auto high = frame.u8();
    const std::size_t ip_total = static_cast<std::size_t>(high) << 8 | frame.u8();
    frame.skip(ip_size - 4 + 12);
    const auto tcp_size = static_cast<std::size_t>(frame.u8() >> 4) * 4;
    frame.skip(tcp_size - 13);
    const auto payload = slice(frame.rest(), 0, ip_total - ip_size - tcp_size);
    if (!payload || payload->size() < kFrameHeaderSize) continue;
    const auto message = payload->subspan(kFrameHeaderSize);
    if (form_of(message) == MessageForm::plain) messages.push_back(to_bytes(message));
  }
  return messages;
}

TEST(WindowsSmb2, SignaturesOfSmb21Verify) {
  const auto messages = load_capture(TOCSIN_FIXTURES "/pcaps/sv5162.pcap");
  if (messages.empty()) GTEST_SKIP() << kit::kNoFixtures;
  const std::map<std::uint64_t, std::string> keys{
      {0x0000140004000071, "38f05703a13fc5ce303d3f91f501c83c"},
      {0x0000140004000075, "000f1577904ff231bd1c964840a71d38"}};
  int verified = 0;
  for (auto message : messages) {
    const auto header = Header::decode(message).value();
    if ((header.flags & kFlagSigned) == 0) continue;
    const Negotiated negotiated{.dialect = Dialect::smb2_1};
    const auto role = (header.flags & kFlagResponse) != 0 ? Role::client : Role::server;
    const SecureChannel receiver(
        role, negotiated, header.session_id,
        derive_keys(negotiated, from_hex(keys.at(header.session_id)).value(), {}),
        [](std::span<std::uint8_t>) {});
    EXPECT_TRUE(receiver.verify(message)) << header.message_id;
    verified++;
  }
  EXPECT_EQ(verified, 46);
}

}  // namespace
}  // namespace tocsin::smb2
