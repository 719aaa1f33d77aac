// Several calls of the client under way on one pipe.
#include <algorithm>
#include <coroutine>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/server.h"
#include "wire/smb2/message.h"

namespace tocsin::dcerpc {
namespace {

using Stub = Result<Bytes>;

constexpr SyntaxId kMany{{7, 7, 7}, 1};
constexpr std::uint16_t kEchoes = 0;  ///< this call is answered at once, any other when it is told

/// A call whose reply may take days, and a coroutine that waits for it.
class Waiting final : public PatientCall {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return reply_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  Stub await_resume() { return reply_.value(); }

 private:
  void answer(Stub stub) override {
    reply_ = std::move(stub);
    if (waiting_) waiting_.resume();
  }

  std::coroutine_handle<> waiting_;
  std::optional<Stub> reply_;
};

Conversation<Stub> wait_for_days(Client& rpc, Port& port, std::uint16_t opnum) {
  Waiting call;
  (void)co_await rpc.begin(port, opnum, {}, call);
  co_return co_await call;
}

/// A client that is bound, and a server that answers each call when the test says so.
class RpcMultiplex : public testing::Test {
 protected:
  RpcMultiplex() {
    run(smb.login(port, std::make_unique<kit::PasswordInitiator>())).value();
    open();
  }
  void open() { rpc.emplace(smb, run(smb.open_pipe(port, "rpc")).value()); }
  void bind() { run(rpc->bind_multiplexed(port, kMany)).value(); }
  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    return kit::run_in_rounds(std::move(conversation), [this] { return go_round(); });
  }
  void begin(std::uint16_t opnum, Bytes stub = {}) {
    calls.push_back(rpc->call(port, opnum, std::move(stub)));
    calls.back().start();
  }
  void begin_to_wait(std::uint16_t opnum) {
    calls.push_back(wait_for_days(*rpc, port, opnum));
    calls.back().start();
  }
  Conversation<Result<bool>> begun(PatientCall& call) {
    co_return co_await rpc->begin(port, 1, {}, call);
  }
  /// All that the client has to say, and all replies to it; whether there were any.
  bool go_round() {
    std::vector<Bytes> replies = server.late_replies();
    for (const auto& message : port.take_outgoing()) {
      const auto header = smb2::Header::decode(message).value();
      commands.push_back(header.command);
      if (header.command == smb2::Command::read && refuses_reads_beyond &&
          reads_waiting >= *refuses_reads_beyond) {
        replies.push_back(kit::forged_reply(header, smb2::Status::insufficient_resources));
        continue;
      }
      std::ranges::move(server.handle(message).value(), std::back_inserter(replies));
      reads_waiting += header.command == smb2::Command::read ? 1 : 0;
    }
    if (replies.empty()) return false;
    round_trips++;
    for (auto& reply : replies) {
      const auto header = smb2::Header::decode(reply).value();
      if (header.command == smb2::Command::read && header.status != smb2::Status::pending &&
          header.status != smb2::Status::insufficient_resources)
        reads_waiting--;
      port.deliver(std::move(reply));
    }
    return true;
  }
  void go_on() {
    while (go_round()) continue;
  }
  static smb2::ServerOptions host(std::function<std::unique_ptr<smb2::PipeEnd>()> pipe) {
    smb2::ServerOptions options;
    options.acceptor = [] { return std::make_unique<kit::PasswordAcceptor>(); };
    options.open_pipe = [pipe = std::move(pipe)](const std::string&) { return pipe(); };
    return options;
  }

  Multiplexing multiplexing = Multiplexing::granted;
  std::map<std::uint16_t, Answer> waiting;  ///< by opnum
  smb2::Server server{
      std::make_shared<smb2::ServerOptions>(host([this] {
        const auto call = [this](std::uint16_t opnum, BytesView stub, Answer answer) {
          if (opnum == kEchoes)
            answer(to_bytes(stub));
          else
            waiting[opnum] = std::move(answer);
        };
        return std::make_unique<Server>("\\PIPE\\rpc",
                                        std::vector<Interface>{{.id = kMany, .call = call}},
                                        ServerOptions{.multiplexing = multiplexing});
      })),
      kit::counting_random()};
  Port port;
  smb2::Client smb{
      {.server_name = "host", .dialects = {smb2::Dialect::smb3_0_2}, .encrypt_when_offered = false},
      kit::counting_random()};
  std::optional<Client> rpc;
  std::deque<Conversation<Stub>> calls;
  std::optional<std::size_t> refuses_reads_beyond;
  std::size_t reads_waiting = 0;
  std::vector<smb2::Command> commands;
  int round_trips = 0;
};

TEST_F(RpcMultiplex, ManyCallsShareARoundTrip) {
  commands.clear();
  bind();
  round_trips = 0;
  for (std::uint8_t i = 0; i < 250; i++) begin(kEchoes, Bytes(30, i));
  go_on();
  for (std::uint8_t i = 0; i < 250; i++) EXPECT_EQ(calls[i].take(), Bytes(30, i));
  // The first of them brings the credits for all others.
  EXPECT_LE(round_trips, 3);
  EXPECT_THAT(commands, testing::Not(testing::Contains(smb2::Command::ioctl)));
  EXPECT_EQ(reads_waiting, 0);
}

TEST_F(RpcMultiplex, OneReadWaitsForAnyNumberOfCallsThatWaitForDays) {
  bind();
  for (std::uint16_t i = 1; i <= 200; i++) begin_to_wait(i);
  go_on();
  EXPECT_EQ(reads_waiting, 1);
  for (int i = 0; i < 600; i++) ASSERT_EQ(run(rpc->call(port, kEchoes, Bytes(9))), Bytes(9));
  go_on();
  EXPECT_EQ(reads_waiting, 1);
  for (std::uint16_t i = 200; i >= 1; i--) {
    ASSERT_FALSE(calls[i - 1U].done());
    waiting.at(i)(Bytes(i));
    go_on();
    ASSERT_TRUE(calls[i - 1U].done());
    EXPECT_EQ(calls[i - 1U].take(), Bytes(i));
  }
  EXPECT_EQ(reads_waiting, 0);
}

TEST_F(RpcMultiplex, RepliesComeInTheServersOrder) {
  bind();
  for (std::uint16_t opnum = 1; opnum <= 3; opnum++) begin(opnum);
  go_on();
  waiting.at(3)(Bytes(3));
  waiting.at(1)(std::unexpected(kContextMismatch));
  waiting.at(2)(Bytes(20'000, 2));
  go_on();
  EXPECT_EQ(calls[0].take().error().native, kContextMismatch);
  EXPECT_EQ(calls[1].take(), Bytes(20'000, 2));
  EXPECT_EQ(calls[2].take(), Bytes(3));
}

TEST_F(RpcMultiplex, LongRequestsAreWrittenInFragments) {
  bind();
  begin_to_wait(1);
  EXPECT_EQ(run(rpc->call(port, kEchoes, Bytes(20'000, 5))), Bytes(20'000, 5));
}

TEST_F(RpcMultiplex, FewerReadsMustDoWhereTheServerRefusesMore) {
  bind();
  refuses_reads_beyond = 3;
  for (std::uint16_t opnum = 1; opnum <= 6; opnum++) begin(opnum);
  go_on();
  EXPECT_EQ(reads_waiting, 3);
  for (auto& [opnum, answer] : waiting) answer(Bytes(opnum));
  go_on();
  for (std::uint16_t i = 1; i <= 6; i++) {
    ASSERT_TRUE(calls[i - 1U].done()) << i;
    EXPECT_EQ(calls[i - 1U].take(), Bytes(i));
  }
}

TEST_F(RpcMultiplex, WhoLeavesLeavesTheOthersAlone) {
  bind();
  begin(1);
  begin(2);
  go_on();
  calls.pop_front();
  waiting.at(1)(Bytes(1));
  waiting.at(2)(Bytes(2));
  go_on();
  ASSERT_TRUE(calls[0].done());
  EXPECT_EQ(calls[0].take(), Bytes(2));
  EXPECT_EQ(run(rpc->call(port, kEchoes, Bytes(9))), Bytes(9));
}

TEST_F(RpcMultiplex, WhoWaitsForDaysNeedsNoCoroutine) {
  bind();
  std::optional<Waiting> call(std::in_place);
  ASSERT_TRUE(run(begun(*call)));
  EXPECT_TRUE(call->is_waiting());
  waiting.at(1)(Bytes(7));
  go_on();
  EXPECT_FALSE(call->is_waiting());
  EXPECT_EQ(call->await_resume(), Bytes(7));

  ASSERT_TRUE(run(begun(*call)));
  call.reset();  // its reply comes all the same
  waiting.at(1)(Bytes(7));
  go_on();
  EXPECT_EQ(run(rpc->call(port, kEchoes, Bytes(9))), Bytes(9));
}

TEST_F(RpcMultiplex, ItsEndCancelsTheRead) {
  bind();
  begin_to_wait(1);
  go_on();
  calls.clear();
  rpc.reset();
  commands.clear();
  go_on();
  EXPECT_THAT(commands, testing::ElementsAre(smb2::Command::cancel));
  EXPECT_TRUE(run(smb.open_pipe(port, "rpc")));
}

TEST_F(RpcMultiplex, SaysThatTheServerTakesOneCallAtATime) {
  multiplexing = Multiplexing::refused;
  open();
  const auto refused = run(rpc->bind_multiplexed(port, kMany));
  EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(refused.error().what, "the server takes one call at a time");
}

/// A server that takes one call at a time.
class RpcPatience : public RpcMultiplex {
 protected:
  RpcPatience() {
    multiplexing = Multiplexing::refused;
    pipe = run(smb.open_pipe(port, "rpc")).value();
    rpc.emplace(smb, pipe);
    run(rpc->bind_patient(port, kMany)).value();
  }

  smb2::Pipe pipe;
};

TEST_F(RpcPatience, ACallMayWaitForDaysBesideOtherPipes) {
  Waiting call;
  ASSERT_TRUE(run(begun(call)));
  go_on();
  EXPECT_EQ(reads_waiting, 1);
  Client other(smb, run(smb.open_pipe(port, "rpc")).value());
  run(other.bind(port, kMany)).value();
  // More than there are credits: the one that waits holds none.
  for (int i = 0; i < 2000; i++) ASSERT_EQ(run(other.call(port, kEchoes, Bytes(9))), Bytes(9));
  EXPECT_TRUE(call.is_waiting());
  waiting.at(1)(Bytes(7));
  go_on();
  EXPECT_EQ(call.await_resume(), Bytes(7));
  EXPECT_EQ(run(rpc->call(port, kEchoes, Bytes(9))), Bytes(9)) << "and the pipe is free again";
}

TEST_F(RpcPatience, CallsWaitForTheirTurns) {
  for (std::uint16_t opnum = 1; opnum <= 3; opnum++) begin(opnum);
  go_on();
  EXPECT_EQ(waiting.size(), 1) << "the server would hang up otherwise";
  calls.erase(calls.begin() + 1);  // who leaves loses its turn
  waiting.at(1)(Bytes(1));
  go_on();
  EXPECT_EQ(calls[0].take(), Bytes(1));
  EXPECT_FALSE(waiting.contains(2));
  waiting.at(3)(Bytes(3));
  go_on();
  EXPECT_EQ(calls[1].take(), Bytes(3));
}

TEST_F(RpcPatience, TheTurnOfOneThatHasLeftEndsWithItsReply) {
  begin(1);
  begin(2);
  go_on();
  calls.pop_front();
  go_on();
  EXPECT_FALSE(waiting.contains(2));
  waiting.at(1)(Bytes(1));
  go_on();
  waiting.at(2)(Bytes(2));
  go_on();
  EXPECT_EQ(calls[0].take(), Bytes(2));
}

TEST_F(RpcPatience, WhoWaitsForATurnFailsWithThoseBefore) {
  begin(1);
  begin(2);
  go_on();
  EXPECT_TRUE(run(smb.close_pipe(port, pipe)));
  go_on();
  for (auto& call : calls) {
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.take().error().what, "read: the request was cancelled");
  }
}

/// Answers each message with what the test makes of it.
class LyingPipe final : public smb2::PipeEnd {
 public:
  using Lie = std::function<std::vector<Bytes>(const Pdu& request)>;
  explicit LyingPipe(Lie lie) : lie_(std::move(lie)) {}
  void write(BytesView message) override {
    const auto request = parse_pdu(message).value();
    if (std::holds_alternative<Bind>(request.body)) {
      BindAck ack;
      ack.answers.push_back({.transfer = kNdr32});
      replies_.push_back(encode({.flags = kFirstFragment | kLastFragment | kConcurrentMultiplexing,
                                 .call_id = request.call_id,
                                 .body = std::move(ack)}));
    } else {
      for (auto& reply : lie_(request)) replies_.push_back(std::move(reply));
    }
  }
  [[nodiscard]] State state() const override {
    return replies_.empty() ? State::empty : State::readable;
  }
  Chunk read(std::size_t /*most*/) override {
    Chunk chunk{.bytes = std::move(replies_.front())};
    replies_.pop_front();
    return chunk;
  }

 private:
  Lie lie_;
  std::deque<Bytes> replies_;
};

/// What the first of two calls answers when the server lies about it.
std::string told(LyingPipe::Lie lie) {
  smb2::ServerOptions options;
  options.acceptor = [] { return std::make_unique<kit::PasswordAcceptor>(); };
  options.open_pipe = [&](const std::string&) { return std::make_unique<LyingPipe>(lie); };
  kit::Wire wire(std::move(options));
  Port port;
  smb2::Client smb({.server_name = "host"}, kit::counting_random());
  wire.run(port, smb.login(port, std::make_unique<kit::PasswordInitiator>())).value();
  Client rpc(smb, wire.run(port, smb.open_pipe(port, "rpc")).value());
  wire.run(port, rpc.bind_multiplexed(port, kMany)).value();
  auto other = rpc.call(port, 1, {});
  other.start();
  const auto answer = wire.run(port, rpc.call(port, 2, {}));
  if (answer) return "answered";
  if (answer.error().kind == ErrorKind::malformed) {
    EXPECT_TRUE(other.done());
  }
  return answer.error().what;
}

TEST(RpcMultiplexHostile, EachLieEndsAllCalls) {
  const auto reply = [](std::uint32_t id, std::uint8_t flags, std::size_t size = 8) {
    const Bytes stub(size);
    return encode({.flags = flags, .call_id = id, .body = Response{.stub = stub}});
  };
  constexpr std::uint8_t kWhole = kFirstFragment | kLastFragment;
  EXPECT_EQ(told([&](const Pdu&) { return std::vector<Bytes>{reply(99, kWhole)}; }),
            "an RPC reply to another call");
  EXPECT_EQ(told([&](const Pdu& request) {
              return std::vector<Bytes>{reply(request.call_id, kFirstFragment),
                                        reply(request.call_id, 0)};
            }),
            "the fragments of an RPC reply cannot be put in order");
  EXPECT_EQ(told([&](const Pdu& request) {
              auto cut = reply(request.call_id, kWhole);
              cut.pop_back();
              return std::vector<Bytes>{cut};
            }),
            "an RPC fragment is not as long as it says");
  EXPECT_EQ(told([&](const Pdu&) { return std::vector<Bytes>{Bytes(3)}; }),
            "an RPC header is cut short");
  EXPECT_EQ(told([&](const Pdu& request) {
              std::vector<Bytes> endless(20, reply(request.call_id, kFirstFragment, 60'000));
              return endless;
            }),
            "an RPC reply is longer than any call allows");
}

}  // namespace
}  // namespace tocsin::dcerpc
