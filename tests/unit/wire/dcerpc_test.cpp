#include <variant>

#include <gtest/gtest.h>

#include "kit/fixtures.h"
#include "wire/dcerpc/ndr.h"
#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/messages.h"

namespace tocsin::dcerpc {
namespace {

constexpr SyntaxId kEcho{{1, 2, 3, 4}, 1};

Pdu parsed(BytesView fragment) {
  auto pdu = parse_pdu(fragment);
  EXPECT_TRUE(pdu) << pdu.error().what;
  return pdu ? *pdu : Pdu{};
}

Bytes bind_to(const SyntaxId& interface, std::uint16_t max_receive = kWindowsFragment) {
  return encode(
      {.call_id = 1,
       .body = Bind{.max_receive = max_receive,
                    .contexts = {{.id = 0, .abstract = interface, .transfer = {kNdr32}}}}});
}

/// Opnum 0 answers what it is sent.
Server echo_server() {
  return Server("\\PIPE\\echo",
                {immediate(kEcho, [](std::uint16_t opnum, BytesView stub) -> Outcome {
                  if (opnum != 0) return std::unexpected(kOpnumOutOfRange);
                  return to_bytes(stub);
                })});
}

TEST(RpcPdu, EveryWindowsMessageDecodesAsDissected) {
  const auto fixtures = kit::load_fixtures(TOCSIN_FIXTURES);
  if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;
  int checked = 0;
  for (const auto& fixture : fixtures) {
    if (fixture.protocol != "DCERPC") continue;
    SCOPED_TRACE(fixture.file);
    const auto& expected = fixture.json["decoded"];
    const auto header = parse_header(fixture.bytes);
    ASSERT_TRUE(header) << header.error().what;
    EXPECT_EQ(std::to_underlying(header->type), expected["ptype"].get<int>());
    EXPECT_EQ(header->flags, expected["pfc_flags"].get<int>());
    EXPECT_EQ(header->fragment_length, expected["frag_len"].get<int>());
    EXPECT_EQ(header->auth_length, expected["auth_len"].get<int>());
    EXPECT_EQ(header->call_id, expected["call_id"].get<unsigned>());

    const auto pdu = parsed(fixture.bytes);
    if (const auto* request = std::get_if<Request>(&pdu.body)) {
      EXPECT_EQ(request->opnum, expected["opnum"].get<int>());
    }
    ASSERT_EQ(pdu.auth.has_value(), expected.contains("auth_trailer"));
    if (pdu.auth) {
      const auto& trailer = expected["auth_trailer"];
      EXPECT_EQ(pdu.auth->type, trailer["type"].get<int>());
      EXPECT_EQ(pdu.auth->level, trailer["level"].get<int>());
      EXPECT_EQ(pdu.auth->pad, trailer["pad"].get<int>());
      EXPECT_EQ(pdu.auth->context, trailer["context_id"].get<unsigned>());
      EXPECT_EQ(pdu.auth->value.size(), expected["auth_len"].get<std::size_t>());
    }
    checked++;
  }
  EXPECT_GE(checked, 60);
}

TEST(RpcPdu, WindowsBindAckNamesNtsvcsAndAcknowledgesFeatures) {
  // The answer of a Windows domain controller to svcctl and bind time feature negotiation.
  const auto bytes = from_hex(
      "05000c03100000005c00000002000000b810b8109a0600000d005c706970655c6e74737663730000"
      "0200000000000000045d888aeb1cc9119fe808002b104860020000000300030000000000000000000000000000"
      "00000000000000");
  ASSERT_TRUE(bytes);
  const auto pdu = parsed(*bytes);
  const auto& ack = std::get<BindAck>(pdu.body);
  EXPECT_EQ(ack.max_transmit, 4280);
  EXPECT_EQ(ack.secondary_address, "\\pipe\\ntsvcs");
  ASSERT_EQ(ack.answers.size(), 2U);
  EXPECT_EQ(ack.answers[0].result, ContextResult::acceptance);
  EXPECT_EQ(ack.answers[0].transfer, kNdr32);
  EXPECT_EQ(ack.answers[1].result, ContextResult::negotiate_ack);
  EXPECT_EQ(encode(pdu), *bytes);
}

TEST(RpcPdu, BindsRoundTrip) {
  const Bind bind{
      .max_transmit = 5840,
      .max_receive = 5840,
      .group = 7,
      .contexts = {{.id = 3, .abstract = svcctl::kInterface, .transfer = {kNdr32, kEcho}}}};
  EXPECT_EQ(std::get<Bind>(parsed(encode({.call_id = 9, .body = bind})).body), bind);
  EXPECT_EQ(std::get<BindNak>(parsed(encode({.body = BindNak{.reason = 4}})).body).reason, 4);
}

TEST(RpcPdu, FaultHasItsStatusAtByte24) {
  const auto bytes = encode({.call_id = 2, .body = Fault{.status = kOpnumOutOfRange}});
  EXPECT_EQ(Reader(BytesView(bytes).subspan(24)).u32(), 0x1c010002U);
  EXPECT_EQ(std::get<Fault>(parsed(bytes).body).status, kOpnumOutOfRange);
}

TEST(RpcPdu, AnAuthenticationTrailerIsNoPartOfTheStub) {
  const Bytes stub{1, 2, 3, 4};
  const Bytes token{9, 9};
  const auto bytes =
      encode({.body = Response{.stub = stub},
              .auth = AuthTrailer{.type = 10, .level = 6, .pad = 4, .value = token}});
  const auto pdu = parsed(bytes);
  EXPECT_EQ(to_bytes(std::get<Response>(pdu.body).stub), stub);
  ASSERT_TRUE(pdu.auth);
  EXPECT_EQ(to_bytes(pdu.auth->value), token);
}

TEST(RpcPdu, RefusesWhatBreaksTheProtocol) {
  const auto good = encode({.body = Request{.opnum = 1}});
  const auto with = [&](std::size_t at, std::uint8_t value) {
    auto bad = good;
    bad[at] = value;
    return parse_pdu(bad);
  };
  EXPECT_EQ(with(0, 4).error().kind, ErrorKind::malformed) << "version 4";
  EXPECT_EQ(with(2, 99).error().kind, ErrorKind::malformed) << "unknown type";
  EXPECT_EQ(with(4, 0).error().kind, ErrorKind::unsupported) << "big-endian";
  EXPECT_EQ(with(8, 255).error().kind, ErrorKind::malformed) << "longer than it is";
  EXPECT_EQ(with(8, 3).error().kind, ErrorKind::malformed) << "shorter than its header";
  EXPECT_EQ(with(10, 200).error().kind, ErrorKind::malformed) << "trailer longer than the fragment";
  for (std::size_t size = 0; size < good.size(); size++)
    EXPECT_FALSE(parse_pdu(BytesView(good).first(size))) << size;
}

TEST(Ndr, ReadsStringsAsWindowsWritesThem) {
  const auto stub = from_hex("0800000000000000080000004100 6c00650072007400650072000000 01000000");
  ASSERT_TRUE(stub);
  ndr::Reader in(*stub);
  EXPECT_EQ(in.string(), "Alerter");
  EXPECT_EQ(in.u32(), 1U);
  EXPECT_TRUE(in.finish());

  ndr::Writer out;
  out.string("Alerter").u32(1);
  EXPECT_EQ(std::move(out).take(), *stub);
}

TEST(Ndr, AlignsAfterOddTextAndBytes) {
  ndr::Writer out;
  out.string("ab").byte_array(Bytes{1, 2, 3}).u32(7).u16(1).u32(8);
  const auto stub = std::move(out).take();
  ndr::Reader in(stub);
  EXPECT_EQ(in.string(), "ab");
  EXPECT_EQ(to_bytes(in.byte_array()), (Bytes{1, 2, 3}));
  EXPECT_EQ(in.u32(), 7U);
  EXPECT_EQ(in.u16(), 1U);
  EXPECT_EQ(in.u32(), 8U);
  EXPECT_TRUE(in.finish());
}

TEST(Ndr, RefusesCountsBeyondTheMessage) {
  for (const auto* stub : {"ffffffff00000000ffffffff4100", "010000000000000002000000410042000000",
                           "02000000010000000100000041000000"}) {
    const auto bytes = from_hex(stub);
    ASSERT_TRUE(bytes);
    ndr::Reader in(*bytes);
    in.string();
    EXPECT_FALSE(in.finish()) << stub;
  }
  const Bytes array{0xff, 0xff, 0xff, 0xff, 1};
  ndr::Reader in(array);
  EXPECT_TRUE(in.byte_array().empty());
  EXPECT_FALSE(in.finish());
}

TEST(RpcServer, CutsRepliesAsWindowsDoes) {
  auto server = echo_server();
  server.write(bind_to(kEcho, 65535));
  const auto ack = std::get<BindAck>(parsed(server.read(4096).bytes).body);
  EXPECT_EQ(ack.max_transmit, kWindowsFragment);

  const Bytes stub(10000, 5);
  server.write(encode({.call_id = 2, .body = Request{.stub = stub}}));
  Bytes joined;
  std::vector<std::size_t> sizes;
  std::vector<std::uint32_t> hints;
  std::vector<int> flags;
  for (auto chunk = server.read(65536); !chunk.bytes.empty(); chunk = server.read(65536)) {
    const auto pdu = parsed(chunk.bytes);
    const auto& response = std::get<Response>(pdu.body);
    sizes.push_back(chunk.bytes.size());
    hints.push_back(response.alloc_hint);
    flags.push_back(pdu.flags);
    joined.insert(joined.end(), response.stub.begin(), response.stub.end());
  }
  EXPECT_EQ(joined, stub);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4280, 4280, 1512}));
  EXPECT_EQ(hints, (std::vector<std::uint32_t>{10000, 5744, 1488}));
  EXPECT_EQ(flags, (std::vector<int>{kFirstFragment, 0, kLastFragment}));
}

TEST(RpcServer, HandsOutAFragmentInPieces) {
  auto server = echo_server();
  server.write(bind_to(kEcho));
  EXPECT_TRUE(server.read(10).left);
  while (server.read(10).left) {
  }
  server.write(encode({.call_id = 2, .body = Request{.stub = Bytes(2000, 1)}}));
  const auto first = server.read(1024);
  EXPECT_EQ(first.bytes.size(), 1024U);
  EXPECT_TRUE(first.left);
  const auto second = server.read(1024);
  EXPECT_EQ(second.bytes.size(), 1000U);
  EXPECT_FALSE(second.left);
  EXPECT_EQ(server.state(), smb2::PipeEnd::State::empty);
}

TEST(RpcServer, JoinsTheFragmentsOfARequest) {
  auto server = echo_server();
  server.write(bind_to(kEcho));
  (void)server.read(4096);
  server.write(
      encode({.flags = kFirstFragment, .call_id = 2, .body = Request{.stub = as_bytes("bells ")}}));
  EXPECT_TRUE(server.read(4096).bytes.empty());
  server.write(
      encode({.flags = kLastFragment, .call_id = 2, .body = Request{.stub = as_bytes("ring")}}));
  const auto chunk = server.read(4096);
  EXPECT_EQ(to_bytes(std::get<Response>(parsed(chunk.bytes).body).stub),
            to_bytes(as_bytes("bells ring")));
}

TEST(RpcServer, AnswersFaultsAndRejections) {
  auto server = echo_server();
  server.write(bind_to(svcctl::kInterface));
  const auto ack = std::get<BindAck>(parsed(server.read(4096).bytes).body);
  EXPECT_EQ(ack.answers.at(0).result, ContextResult::provider_rejection);
  server.write(encode({.body = Request{}}));
  EXPECT_EQ(std::get<Fault>(parsed(server.read(4096).bytes).body).status, kUnknownInterface);
  server.write(bind_to(kEcho));
  (void)server.read(4096);
  server.write(encode({.body = Request{.opnum = 42}}));
  EXPECT_EQ(std::get<Fault>(parsed(server.read(4096).bytes).body).status, kOpnumOutOfRange);
}

TEST(RpcServer, IsSilentToAClientThatBreaksTheProtocol) {
  auto server = echo_server();
  server.write(as_bytes("GET / HTTP/1.1"));
  server.write(bind_to(kEcho));
  EXPECT_EQ(server.state(), smb2::PipeEnd::State::closed);
}

}  // namespace
}  // namespace tocsin::dcerpc
