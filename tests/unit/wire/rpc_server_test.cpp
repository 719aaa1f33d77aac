// Several calls under way on one pipe, as the server sees them.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/server.h"

namespace tocsin::dcerpc {
namespace {

constexpr SyntaxId kLate{{9, 8, 7}, 1};
using State = smb2::PipeEnd::State;

/// The calls wait, by opnum, until the test answers them.
class RpcServerMultiplexing : public testing::Test {
 protected:
  void start(Multiplexing multiplexing = Multiplexing::granted) {
    const auto call = [this](std::uint16_t opnum, BytesView stub, Answer answer) {
      stubs[opnum] = to_bytes(stub);
      answers[opnum] = std::move(answer);
    };
    server = std::make_unique<Server>("\\PIPE\\late",
                                      std::vector<Interface>{{.id = kLate, .call = call}},
                                      ServerOptions{.multiplexing = multiplexing});
    server->on_change([this] { told++; });
  }
  /// Whether several calls were agreed on.
  bool bind(std::uint8_t flags = kFirstFragment | kLastFragment | kConcurrentMultiplexing) {
    server->write(
        encode({.flags = flags,
                .call_id = 1,
                .body = Bind{.contexts = {{.id = 0, .abstract = kLate, .transfer = {kNdr32}}}}}));
    return (read()->flags & kConcurrentMultiplexing) != 0;
  }
  void call(std::uint32_t call_id, std::uint16_t opnum, std::string_view stub = "",
            std::uint8_t flags = kFirstFragment | kLastFragment) {
    server->write(encode({.flags = flags,
                          .call_id = call_id,
                          .body = Request{.opnum = opnum, .stub = as_bytes(stub)}}));
  }
  /// The next fragment; its stub is valid until the next one.
  std::optional<Pdu> read() {
    if (server->state() != State::readable) return std::nullopt;
    fragment = server->read(65536).bytes;
    return parse_pdu(fragment).value();
  }
  void expect_response(std::uint32_t call_id, std::string_view stub) {
    const auto pdu = read();
    ASSERT_TRUE(pdu);
    EXPECT_EQ(pdu->call_id, call_id);
    EXPECT_EQ(to_hex(std::get<Response>(pdu->body).stub), to_hex(as_bytes(stub)));
  }
  static Bytes stub(std::string_view text) { return to_bytes(as_bytes(text)); }

  std::map<std::uint16_t, Bytes> stubs;
  std::map<std::uint16_t, Answer> answers;
  std::unique_ptr<Server> server;
  Bytes fragment;
  int told = 0;
};

TEST_F(RpcServerMultiplexing, IsAgreedOnByBoth) {
  start();
  EXPECT_TRUE(bind());
  EXPECT_FALSE(bind(kFirstFragment | kLastFragment));
  start(Multiplexing::refused);
  EXPECT_FALSE(bind());
}

TEST_F(RpcServerMultiplexing, CallsAreAnsweredInAnyOrder) {
  start();
  bind();
  call(7, 1);
  call(8, 2);
  call(9, 3);
  EXPECT_EQ(server->state(), State::empty);
  told = 0;
  answers[2](stub("two"));
  EXPECT_EQ(told, 1);
  expect_response(8, "two");
  EXPECT_EQ(server->state(), State::empty);
  answers[3](std::unexpected(kBadStub));
  answers[1](stub("one"));
  const auto fault = read();
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->call_id, 9U);
  EXPECT_EQ(std::get<Fault>(fault->body).status, kBadStub);
  expect_response(7, "one");
}

TEST_F(RpcServerMultiplexing, WithoutItASecondCallBreaksTheProtocol) {
  start(Multiplexing::refused);
  bind();
  call(2, 1);
  answers[1](stub("one"));
  call(3, 2);  // the answer to the first is there, though unread
  call(4, 3);
  EXPECT_FALSE(answers.contains(3));
  expect_response(2, "one");
  EXPECT_EQ(server->state(), State::closed);
}

TEST_F(RpcServerMultiplexing, FragmentsOfRequestsAreJoinedByCall) {
  start();
  bind();
  call(7, 1, "a", kFirstFragment);
  call(8, 2, "x", kFirstFragment);
  call(7, 1, "b", 0);
  call(8, 2, "y", kLastFragment);
  call(7, 1, "c", kLastFragment);
  EXPECT_EQ(to_hex(stubs[1]), to_hex(as_bytes("abc")));
  EXPECT_EQ(to_hex(stubs[2]), to_hex(as_bytes("xy")));

  start(Multiplexing::refused);
  bind();
  call(7, 3, "a", kFirstFragment);
  call(8, 4, "x", kFirstFragment);
  EXPECT_EQ(server->state(), State::closed);
}

TEST_F(RpcServerMultiplexing, AnAnswerMayComeWhenThePipeIsGone) {
  start();
  bind();
  call(7, 1);
  server.reset();
  told = 0;
  answers[1](stub("nobody"));
  EXPECT_EQ(told, 0);
}

TEST_F(RpcServerMultiplexing, IsBoundedWhateverAClientSends) {
  const std::string part(4000, 'a');
  start();
  bind();
  for (std::uint32_t id = 2; id < 30; id++) call(id, 1, part, kFirstFragment);
  EXPECT_EQ(server->state(), State::closed) << "requests that are never ended";

  start();
  bind();
  for (std::uint32_t id = 2; id < 5000; id++) call(id, 1);
  EXPECT_EQ(server->state(), State::closed) << "calls that are never answered";

  start();
  bind();
  for (std::uint32_t id = 2; id < 20; id++) {
    call(id, 1);
    answers[1](Bytes(std::size_t{1024} * 1024));
  }
  answers.clear();
  call(30, 2);
  EXPECT_FALSE(answers.contains(2)) << "replies that are never read";
}

}  // namespace
}  // namespace tocsin::dcerpc
