// What a server does with requests that have to wait, and with credits.
#include <deque>
#include <optional>
#include <vector>

#include <gmock/gmock.h>

#include "unit/wire/smb2_server_fixture.h"
#include "wire/smb2/credit_window.h"

namespace tocsin::smb2 {
namespace {

/// Hands out what the test puts in.
class SlowPipe final : public PipeEnd {
 public:
  void write(BytesView message) override { written.push_back(to_bytes(message)); }
  [[nodiscard]] State state() const override {
    if (!replies_.empty()) return State::readable;
    return closed_ ? State::closed : State::empty;
  }
  Chunk read(std::size_t most) override {
    Chunk chunk{.bytes = std::move(replies_.front()), .left = false};
    replies_.pop_front();
    if (chunk.bytes.size() > most) {
      replies_.emplace_front(chunk.bytes.begin() + static_cast<std::ptrdiff_t>(most),
                             chunk.bytes.end());
      chunk.bytes.resize(most);
      chunk.left = true;
    }
    return chunk;
  }
  void put(std::string_view reply) {
    replies_.push_back(to_bytes(as_bytes(reply)));
    tell_change();
  }
  void close() {
    closed_ = true;
    tell_change();
  }

  std::vector<Bytes> written;

 private:
  std::deque<Bytes> replies_;
  bool closed_ = false;
};

ServerOptions slow_host(std::vector<SlowPipe*>& pipes) {
  auto options = kit::echo_host();
  options.open_pipe = [&pipes](const std::string&) {
    auto pipe = std::make_unique<SlowPipe>();
    pipes.push_back(pipe.get());
    return pipe;
  };
  return options;
}

class Smb2ServerWaiting : public Smb2Server {
 protected:
  Smb2ServerWaiting() {
    server = Server(std::make_shared<ServerOptions>(slow_host(pipes)), kit::counting_random());
    server.on_late_replies([this] { told++; });
    connect_tree();
    file = open();
  }
  FileId open() {
    ask(Command::create, CreateRequest{.name = "slow"});
    return CreateResponse::decode(last).value().file;
  }
  Header read(std::uint32_t length = 100) {
    return ask(Command::read, ReadRequest{.length = length, .file = file});
  }
  Header transceive() {
    return ask(Command::ioctl, IoctlRequest{.code = kFsctlPipeTransceive,
                                            .file = file,
                                            .input = as_bytes("question"),
                                            .max_output = 100});
  }
  /// All replies to one request.
  template <typename Body>
  std::vector<Bytes> ask_all(Command command, const Body& body) {
    return server.handle(request(command, body)).value();
  }
  Bytes cancel(const Header& target) {
    Writer out;
    Header{.command = Command::cancel,
           .flags = kFlagAsync,
           .async_id = target.async_id,
           .session_id = session_id}
        .encode(out);
    EmptyBody{}.encode(out);
    auto bytes = std::move(out).take();
    channel().sign(bytes);
    return bytes;
  }
  /// The final reply to what `interim` announced.
  void expect_final(Bytes reply, const Header& interim, Status status) {
    EXPECT_TRUE(channel().verify(reply));
    const auto header = Header::decode(reply).value();
    EXPECT_EQ(header.status, status);
    EXPECT_EQ(header.message_id, interim.message_id);
    EXPECT_EQ(header.async_id, interim.async_id);
    EXPECT_EQ(header.credits, 0U);
  }

  std::vector<SlowPipe*> pipes;
  FileId file{};
  int told = 0;
};

TEST_F(Smb2ServerWaiting, AReadOfNothingIsAnsweredTwice) {
  const auto interim = read();
  EXPECT_EQ(interim.status, Status::pending);
  EXPECT_EQ(interim.flags, kFlagResponse | kFlagAsync) << "not signed";
  EXPECT_NE(interim.async_id, 0U);
  EXPECT_EQ(interim.credits, 10U);
  EXPECT_TRUE(server.late_replies().empty());

  EXPECT_EQ(ask(Command::echo, EmptyBody{}).status, Status::success) << "meanwhile";
  EXPECT_EQ(told, 0);
  pipes[0]->put("late");
  EXPECT_EQ(told, 1);
  const auto late = server.late_replies();
  ASSERT_EQ(late.size(), 1U);
  expect_final(late[0], interim, Status::success);
  EXPECT_EQ(to_hex(ReadResponse::decode(late[0]).value().data), to_hex(as_bytes("late")));
  EXPECT_TRUE(server.late_replies().empty());
}

TEST_F(Smb2ServerWaiting, ATransceiveWaitsForItsReply) {
  const auto interim = transceive();
  EXPECT_EQ(interim.status, Status::pending);
  EXPECT_EQ(pipes[0]->written.size(), 1U);
  pipes[0]->put("reply");
  const auto late = server.late_replies();
  ASSERT_EQ(late.size(), 1U);
  expect_final(late[0], interim, Status::success);
  EXPECT_EQ(to_hex(IoctlResponse::decode(late[0]).value().output), to_hex(as_bytes("reply")));
}

TEST_F(Smb2ServerWaiting, WhatCameMeanwhileIsAnsweredWithTheNextRequest) {
  const auto interim = read(2);
  pipes[0]->put("abc");
  const auto replies = ask_all(Command::echo, EmptyBody{});
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(Header::decode(replies[0])->command, Command::echo);
  expect_final(replies[1], interim, Status::buffer_overflow);
  EXPECT_EQ(read().status, Status::success);
  EXPECT_EQ(to_hex(ReadResponse::decode(last).value().data), to_hex(as_bytes("c")));
}

TEST_F(Smb2ServerWaiting, ReadsAreAnsweredInTheirOrderAndPipesApart) {
  const auto first = read();
  const auto second = read();
  file = open();
  const auto other = read();
  pipes[1]->put("other");
  pipes[0]->put("first");
  const auto late = server.late_replies();
  ASSERT_EQ(late.size(), 2U);
  expect_final(late[0], first, Status::success);
  expect_final(late[1], other, Status::success);
  pipes[0]->put("second");
  const auto last_one = server.late_replies();
  ASSERT_EQ(last_one.size(), 1U);
  expect_final(last_one[0], second, Status::success);
}

TEST_F(Smb2ServerWaiting, ATransceiveDoesNotMixWithReads) {
  pipes[0]->put("unread");
  EXPECT_EQ(transceive().status, Status::pipe_busy);
  EXPECT_TRUE(pipes[0]->written.empty());
  EXPECT_EQ(read().status, Status::success);
  EXPECT_EQ(read().status, Status::pending);
  EXPECT_EQ(transceive().status, Status::pipe_busy);
}

TEST_F(Smb2ServerWaiting, CancelEndsTheOneThatItNames) {
  const auto by_id = read();
  const auto by_message = read();
  auto forged = cancel(by_id);
  forged[16] = kFlagAsync;
  EXPECT_TRUE(server.handle(forged).value().empty()) << "not signed";
  forged[16] |= kFlagSigned;
  forged[50] ^= 1;
  EXPECT_FALSE(Server(std::make_shared<ServerOptions>(slow_host(pipes)), kit::counting_random())
                   .handle(forged));

  const auto ended = server.handle(cancel(by_id)).value();
  ASSERT_EQ(ended.size(), 1U);
  expect_final(ended[0], by_id, Status::cancelled);
  EXPECT_TRUE(server.handle(cancel(by_id)).value().empty()) << "once";

  Writer out;
  Header{.command = Command::cancel,
         .message_id = by_message.message_id,
         .tree_id = tree_id,
         .session_id = session_id}
      .encode(out);
  EmptyBody{}.encode(out);
  auto bytes = std::move(out).take();
  channel().sign(bytes);
  const auto other = server.handle(bytes).value();
  ASSERT_EQ(other.size(), 1U);
  expect_final(other[0], by_message, Status::cancelled);
}

TEST_F(Smb2ServerWaiting, WhatWaitsEndsWithItsPipeItsTreeAndItsSession) {
  auto interim = read();
  auto replies = ask_all(Command::close, CloseRequest{.file = file});
  ASSERT_EQ(replies.size(), 2U);
  expect_final(replies[1], interim, Status::cancelled);
  for (const auto command : {Command::tree_disconnect, Command::logoff}) {
    if (command == Command::logoff)
      tree_id = ask(Command::tree_connect, TreeConnectRequest{.path = "\\\\host\\IPC$"}).tree_id;
    file = open();
    interim = read();
    const auto keys = channel();
    replies = ask_all(command, EmptyBody{});
    ASSERT_EQ(replies.size(), 2U);
    expect_final(replies[1], interim, Status::cancelled);
  }
  EXPECT_TRUE(server.late_replies().empty());
}

TEST_F(Smb2ServerWaiting, APipeWhoseServerHasLeftSaysSo) {
  const auto interim = read();
  pipes[0]->close();
  EXPECT_EQ(told, 1);
  const auto late = server.late_replies();
  ASSERT_EQ(late.size(), 1U);
  expect_final(late[0], interim, Status::pipe_disconnected);
  EXPECT_EQ(read().status, Status::pipe_disconnected);
}

TEST_F(Smb2ServerWaiting, AnExpiredSessionKeepsWhatWaits) {
  const auto interim = read();
  server.expire_session();
  EXPECT_EQ(ask(Command::echo, EmptyBody{}).status, Status::network_session_expired);
  const auto ended = server.handle(cancel(interim)).value();
  ASSERT_EQ(ended.size(), 1U);
  expect_final(ended[0], interim, Status::cancelled);
}

TEST_F(Smb2ServerWaiting, SoManyMayWait) {
  for (int i = 0; i < 512; i++) ASSERT_EQ(read().status, Status::pending) << i;
  EXPECT_EQ(read().status, Status::insufficient_resources);
}

TEST_F(Smb2ServerWaiting, ARequestTakesACreditThatWasGranted) {
  const auto spent = request(Command::echo, EmptyBody{});
  EXPECT_EQ(Header::decode(send(spent))->status, Status::success);
  EXPECT_TRUE(send(spent).empty());
  EXPECT_EQ(hung_up, "the client sends a request without a credit for it");
}

TEST_F(Smb2ServerWaiting, LargeRequestsAreChargedMore) {
  const auto charged = [&](std::uint16_t charge) {
    Writer out;
    Header{.credit_charge = charge,
           .command = Command::read,
           .credits = 10,
           .message_id = next_message_id(charge),
           .tree_id = tree_id,
           .session_id = session_id}
        .encode(out);
    ReadRequest{.length = 100'000, .file = file}.encode(out);
    auto bytes = std::move(out).take();
    channel().sign(bytes);
    return Header::decode(send(bytes)).value().status;
  };
  EXPECT_EQ(charged(1), Status::invalid_parameter);
  EXPECT_EQ(charged(2), Status::pending);
}

TEST(Smb2CreditWindow, GivesEachIdOnce) {
  CreditWindow window;
  EXPECT_FALSE(window.spend(1, 1)) << "not granted";
  EXPECT_TRUE(window.spend(0, 0));
  EXPECT_FALSE(window.spend(0, 1)) << "spent";
  EXPECT_EQ(window.grant(10), 10U);
  EXPECT_TRUE(window.spend(4, 3)) << "in any order";
  EXPECT_FALSE(window.spend(3, 2)) << "in part";
  EXPECT_FALSE(window.spend(9, 3)) << "beyond the end";
  EXPECT_FALSE(window.spend(10, 65535));
  EXPECT_TRUE(window.spend(1, 3));
  EXPECT_TRUE(window.spend(7, 4));
  EXPECT_FALSE(window.spend(11, 1));
}

TEST(Smb2CreditWindow, GrantsAtLeastOneToWhoHasNoneAndNeverTooMany) {
  CreditWindow window;
  EXPECT_TRUE(window.spend(0, 1));
  EXPECT_EQ(window.grant(0), 1U);
  EXPECT_EQ(window.grant(8192), CreditWindow::kMost - 1);
  EXPECT_EQ(window.grant(1), 0U);
  // One id is left out for ever.
  std::uint64_t id = 2;
  for (std::uint64_t end = 513; id < end; id++) {
    ASSERT_TRUE(window.spend(id, 1));
    end += window.grant(600);
  }
  EXPECT_LE(id, 1 + 2 * CreditWindow::kMost);
}

TEST(Smb2ServerWithEncryption, SealsTheInterimReplyToo) {
  std::vector<SlowPipe*> pipes;
  kit::Wire wire(slow_host(pipes));
  Client client({.server_name = "host", .dialects = {Dialect::smb3_1_1}}, kit::counting_random());
  Port port;
  ASSERT_TRUE(wire.run(port, client.login(port, std::make_unique<kit::PasswordInitiator>())));
  const auto pipe = wire.run(port, client.open_pipe(port, "slow"));
  ASSERT_TRUE(pipe);
  std::vector<MessageForm> forms;
  wire.tamper([&](Bytes& reply, auto&) {
    forms.push_back(form_of(reply));
    if (forms.size() > 1) return;
    pipes[0]->put("sealed");
  });
  const auto reply = wire.run(port, client.transceive(port, *pipe, Bytes(5)));
  EXPECT_EQ(reply.error().what, "silence") << "the wire asks for no late replies";
  EXPECT_THAT(forms, testing::ElementsAre(MessageForm::sealed));
  const auto late = wire.server().late_replies();
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(form_of(late[0]), MessageForm::sealed);
}

}  // namespace
}  // namespace tocsin::smb2
