// Several requests of one client in flight: whatever order the replies come in, each finds its own.
#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

using kit::forged_reply;
using kit::PasswordInitiator;
using Answer = Result<Bytes>;

/// A logged-in client whose replies are brought when the test says so. The keys of SMB 3.0.2 follow
/// from the session key, so that the test can forge replies.
class InFlight : public testing::Test {
 protected:
  InFlight() {
    wire.run(port, client.login(port, std::make_unique<PasswordInitiator>())).value();
    pipe = wire.run(port, client.open_pipe(port, "echo")).value();
  }

  Conversation<Answer>& ask(std::uint8_t what) {
    asked.push_back(client.transceive(port, pipe, Bytes(10, what)));
    asked.back().start();
    return asked.back();
  }
  /// Lets the server answer what has been sent; nothing is brought yet. Answers the requests.
  std::vector<Header> serve() {
    std::vector<Header> requests;
    for (const auto& request : port.take_outgoing()) {
      requests.push_back(Header::decode(request).value());
      std::ranges::move(wire.server().handle(request).value(), std::back_inserter(replies));
    }
    return requests;
  }
  void deliver_all() {
    while (!replies.empty()) {
      port.deliver(std::exchange(replies.front(), {}));
      replies.pop_front();
    }
  }

  int logins = 0;
  kit::Wire wire;
  Port port;
  Client client{{.server_name = "host",
                 .dialects = {Dialect::smb3_0_2},
                 .encrypt_when_offered = false,
                 .renewal =
                     [this] {
                       logins++;
                       return std::make_unique<PasswordInitiator>();
                     }},
                kit::counting_random()};
  Pipe pipe;
  std::deque<Bytes> replies;
  std::deque<Conversation<Answer>> asked;
};

TEST_F(InFlight, RepliesComeInAnyOrder) {
  for (std::uint8_t i = 0; i < 5; i++) ask(i);
  EXPECT_EQ(serve().size(), 5);
  for (const std::size_t next : {3U, 0U, 2U, 0U, 0U}) {
    port.deliver(replies.at(next));
    replies.erase(replies.begin() + static_cast<std::ptrdiff_t>(next));
  }
  for (std::uint8_t i = 0; i < 5; i++) {
    ASSERT_TRUE(asked[i].done());
    EXPECT_EQ(asked[i].take(), Bytes(10, i));
  }
}

TEST_F(InFlight, OneThatWaitsForDaysHoldsUpNoOther) {
  auto& waits = ask(1);
  const auto request = serve().at(0);
  const auto late = std::exchange(replies, {}).front();
  port.deliver(forged_reply(request, Status::pending));
  // More than the credits that a client ever holds.
  for (int i = 0; i < 2000; i++) {
    auto& answered = ask(2);
    ASSERT_EQ(serve().size(), 1) << i;
    deliver_all();
    ASSERT_TRUE(answered.done());
    ASSERT_EQ(asked.back().take(), Bytes(10, 2)) << i;
    asked.pop_back();
  }
  EXPECT_FALSE(waits.done());
  port.deliver(late);
  ASSERT_TRUE(asked[0].done());
  EXPECT_EQ(asked[0].take(), Bytes(10, 1));
}

TEST_F(InFlight, RequestsWaitForCreditsInOrder) {
  constexpr std::uint8_t kMany = 200;
  for (std::uint8_t i = 0; i < kMany; i++) ask(i);
  const auto sent = serve();
  ASSERT_GT(sent.size(), 2);
  ASSERT_LT(sent.size(), kMany);
  // What is pending has brought its credit back; what is not answered has not.
  replies.pop_front();
  port.deliver(forged_reply(sent[0], Status::pending));
  EXPECT_EQ(port.take_outgoing().size(), 1);
  port.deliver(forged_reply(sent[1], Status::pending, 0));
  EXPECT_EQ(port.take_outgoing().size(), 0);
  port.deliver(forged_reply(sent[2], Status::pending, 3));
  EXPECT_EQ(port.take_outgoing().size(), 3);
}

TEST_F(InFlight, AsksForTheCreditsThatMightBeUsed) {
  constexpr std::uint8_t kMany = 200;
  for (std::uint8_t i = 0; i < kMany; i++) ask(i);
  std::size_t sent = 0;
  for (int round_trip = 0; round_trip < 3; round_trip++) {
    sent += serve().size();
    deliver_all();
  }
  EXPECT_EQ(sent, kMany);
  for (std::uint8_t i = 0; i < kMany; i++) EXPECT_EQ(asked[i].take(), Bytes(10, i));
}

TEST_F(InFlight, NobodyWaitsForCreditsThatCannotCome) {
  constexpr std::uint8_t kMany = 100;
  for (std::uint8_t i = 0; i < kMany; i++) ask(i);
  const auto sent = serve();
  for (const auto& request : sent) port.deliver(forged_reply(request, Status::pending, 0));
  for (std::size_t i = 0; i < sent.size(); i++) EXPECT_FALSE(asked[i].done());
  for (std::size_t i = sent.size(); i < kMany; i++) {
    ASSERT_TRUE(asked[i].done()) << i;
    EXPECT_EQ(asked[i].take().error().what,
              "transceive: the server has granted too few credits to go on");
  }
}

TEST_F(InFlight, WhoLeavesCancels) {
  ask(1);
  auto& other = ask(2);
  const auto requests = serve();
  port.deliver(forged_reply(requests[0], Status::pending));
  asked.pop_front();
  const auto cancels = port.take_outgoing();
  ASSERT_EQ(cancels.size(), 1);
  const auto cancel = Header::decode(cancels[0]).value();
  EXPECT_EQ(cancel.command, Command::cancel);
  EXPECT_EQ(cancel.flags, kFlagAsync | kFlagSigned);
  EXPECT_EQ(cancel.async_id, 0xA5);
  EXPECT_EQ(cancel.credit_charge, 0);
  EXPECT_TRUE(wire.server().handle(cancels[0]));  // it verifies

  // The reply comes all the same, and means nothing.
  deliver_all();
  ASSERT_TRUE(other.done());
  EXPECT_EQ(asked.front().take(), Bytes(10, 2));
  EXPECT_EQ(serve().size(), 0);
  auto& next = ask(3);
  EXPECT_EQ(serve().at(0).message_id, requests[1].message_id + 1);  // no id was used up
  deliver_all();
  EXPECT_TRUE(next.done());
}

TEST_F(InFlight, WhoLeavesBeforeTheInterimResponseCancelsByTheMessageId) {
  ask(1);
  const auto request = serve().at(0);
  asked.clear();
  const auto cancel = Header::decode(port.take_outgoing().at(0)).value();
  EXPECT_EQ(cancel.flags, kFlagSigned);
  EXPECT_EQ(cancel.message_id, request.message_id);
  EXPECT_EQ(cancel.tree_id, request.tree_id);
}

TEST_F(InFlight, WhoLeavesTheLineSendsNothing) {
  for (std::uint8_t i = 0; i < 100; i++) ask(i);
  const auto sent = serve().size();
  while (asked.size() > sent) asked.pop_back();
  deliver_all();
  EXPECT_EQ(port.take_outgoing().size(), 0);
  for (auto& one : asked) EXPECT_TRUE(one.done());
}

TEST_F(InFlight, AReplyToNobodyEndsAll) {
  ask(1);
  ask(2);
  auto request = serve().at(0);
  request.message_id += 1000;
  port.deliver(forged_reply(request, Status::success, 1));
  ask(3);
  EXPECT_EQ(port.take_outgoing().size(), 0);
  for (auto& one : asked) {
    ASSERT_TRUE(one.done());
    const auto answer = one.take();
    EXPECT_EQ(answer.error().kind, ErrorKind::malformed);
    EXPECT_EQ(answer.error().what, "transceive: the reply belongs to another request");
  }
}

TEST_F(InFlight, ARepeatedReplyIsNobodys) {
  ask(1);
  auto& other = ask(2);
  serve();
  const auto first = replies.front();
  port.deliver(first);
  EXPECT_FALSE(other.done());
  port.deliver(first);
  ASSERT_TRUE(other.done());
  EXPECT_EQ(asked[1].take().error().what, "transceive: the reply belongs to another request");
}

TEST_F(InFlight, ASessionThatExpiresIsRenewedOnceForAll) {
  for (std::uint8_t i = 0; i < 3; i++) ask(i);
  wire.server().expire_session();
  // One is refused later than the others, when the session has been renewed already.
  serve();
  auto last = std::move(replies.back());
  replies.pop_back();
  deliver_all();
  for (int round_trip = 0; round_trip < 4; round_trip++) {
    serve();
    deliver_all();
  }
  port.deliver(std::move(last));
  serve();
  deliver_all();
  EXPECT_EQ(logins, 1);
  for (std::uint8_t i = 0; i < 3; i++) {
    ASSERT_TRUE(asked[i].done()) << int(i);
    EXPECT_EQ(asked[i].take(), Bytes(10, i));
  }
}

TEST_F(InFlight, ARenewalThatFailsFailsAll) {
  for (std::uint8_t i = 0; i < 3; i++) ask(i);
  wire.server().expire_session();
  serve();
  deliver_all();
  const auto login = port.take_outgoing();
  ASSERT_EQ(login.size(), 1);
  port.deliver(forged_reply(Header::decode(login[0]).value(), Status::logon_failure, 1));
  for (auto& one : asked) {
    ASSERT_TRUE(one.done());
    EXPECT_EQ(one.take().error().kind, ErrorKind::login_refused);
  }
}

}  // namespace
}  // namespace tocsin::smb2
