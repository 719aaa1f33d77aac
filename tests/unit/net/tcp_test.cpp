#include "net/tcp.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/platform.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Long enough for the slowest machine; what passes does not wait for it.
Deadline soon() { return within(60s); }
/// What cannot be done without waiting is not done.
Deadline at_once() { return MonotonicClock::now(); }

class TcpTest : public testing::Test {
 protected:
  /// Two ends of a connection over the loopback.
  struct Ends {
    TcpStream client;
    TcpStream server;
  };
  static awaitable<Ends> connected(Connector& connector, TcpListener& listener) {
    auto client = co_await connector.connect("127.0.0.1", listener.port(), soon());
    auto server = co_await listener.accept();
    co_return Ends{std::move(client).value(), std::move(server).value()};
  }
  Ends connect() { return loop.run_until_done(connected(connector, listener)); }

  /// Runs `operation` until it waits, cancels it, and tells whether it threw as it must.
  template <typename T>
  bool throws_when_cancelled(awaitable<T> operation) {
    TaskScope scope(loop.executor());
    bool threw = false;
    scope.spawn([](awaitable<T> body, bool& out) -> awaitable<void> {
      try {
        co_await std::move(body);
      } catch (const boost::system::system_error&) {
        out = true;
      }
    }(std::move(operation), threw));
    loop.run_until_done(kit::let_others_run());
    EXPECT_EQ(scope.size(), 1) << "it ended before it was cancelled";
    scope.cancel();
    loop.run_until_done(scope.join());
    return threw;
  }

  Loop loop;
  Connector connector{loop.executor()};
  TcpListener listener = TcpListener::open(loop.executor(), "127.0.0.1", 0).value();
  std::array<std::uint8_t, 5> buffer{};
};

TEST_F(TcpTest, MovesBytesBothWays) {
  auto ends = connect();
  loop.run_until_done([](Ends& of, std::span<std::uint8_t> into) -> awaitable<void> {
    EXPECT_TRUE(co_await of.client.write(as_bytes("hello"), soon()));
    EXPECT_TRUE(co_await of.server.read(into, soon()));
    EXPECT_TRUE(co_await of.server.write(as_bytes("ab"), soon()));
    EXPECT_EQ((co_await of.client.read_some(into, soon())).value(), 2);
  }(ends, buffer));
  EXPECT_EQ(to_hex(buffer), to_hex(as_bytes("abllo")));
  EXPECT_EQ(ends.client.peer(), "127.0.0.1:" + std::to_string(listener.port()));
  EXPECT_THAT(ends.server.peer(), HasSubstr("127.0.0.1:"));
}

TEST_F(TcpTest, GivesOutInOrderWhatCameWithAnotherRead) {
  auto ends = connect();
  Bytes sent(20'000);
  for (std::size_t i = 0; i < sent.size(); i++) sent[i] = static_cast<std::uint8_t>(i * 7 >> 3);
  const auto got = loop.run_until_done([](Ends& of, BytesView all) -> awaitable<Bytes> {
    EXPECT_TRUE(co_await of.client.write(all, soon()));
    of.client.close();
    Bytes read;
    for (const auto size : {4U, 100U, 4U, 9000U, 4U, 5000U}) {
      Bytes part(size);
      EXPECT_TRUE(co_await of.server.wait_readable(soon()));
      EXPECT_TRUE(co_await of.server.read(part, soon()));
      read.insert(read.end(), part.begin(), part.end());
    }
    for (Bytes part(3000);;) {
      const auto count = (co_await of.server.read_some(part, soon())).value();
      if (count == 0) co_return read;
      read.insert(read.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
    }
  }(ends, sent));
  EXPECT_EQ(got, sent);
}

/// Two bytes that say how long the message behind it is; 255 is none.
Result<std::size_t> size_of(BytesView header) {
  if (header[1] != 255) return std::size_t{header[0]} << 8 | header[1];
  return fail(ErrorKind::malformed, "no message");
}
constexpr Framing kFraming{2, size_of};

TEST_F(TcpTest, TakesMessagesApartHoweverTheyCome) {
  auto ends = connect();
  std::vector<Bytes> messages;
  Bytes sent;
  for (const std::size_t size : {0U, 1U, 4'000U, 40'000U, 3U, 20'000U, 0U, 16'380U, 2U}) {
    messages.emplace_back(size, static_cast<std::uint8_t>(messages.size()));
    sent.push_back(static_cast<std::uint8_t>(size >> 8));
    sent.push_back(static_cast<std::uint8_t>(size));
    sent.insert(sent.end(), messages.back().begin(), messages.back().end());
  }
  for (const std::size_t at_a_time : {sent.size(), std::size_t{1'001}}) {
    const auto got = loop.run_until_done([](Ends& of, BytesView all, std::size_t part,
                                            std::size_t count) -> awaitable<std::vector<Bytes>> {
      TaskScope scope(co_await boost::asio::this_coro::executor);
      scope.spawn([](Ends& to, BytesView left, std::size_t most) -> awaitable<void> {
        for (; !left.empty(); left = left.subspan(std::min(most, left.size()))) {
          EXPECT_TRUE(co_await to.client.write(left.first(std::min(most, left.size())), soon()));
          co_await kit::let_others_run();
        }
      }(of, all, part));
      std::vector<Bytes> read;
      while (read.size() < count)
        read.push_back((co_await of.server.read_message(kFraming, soon())).value());
      co_await scope.join();
      co_return read;
    }(ends, sent, at_a_time, messages.size()));
    EXPECT_EQ(got, messages);
  }
}

TEST_F(TcpTest, AMessageThatIsCutShortIsUnreachable) {
  for (const Bytes& begun : {Bytes{}, Bytes{0}, Bytes{0, 3}, Bytes{0, 3, 1, 2}}) {
    auto ends = connect();
    const auto cut = loop.run_until_done([](Ends& of, BytesView all) -> awaitable<Result<Bytes>> {
      EXPECT_TRUE(co_await of.client.write(all, soon()));
      of.client.close();
      co_return co_await of.server.read_message(kFraming, soon());
    }(ends, begun));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, ErrorKind::unreachable);
  }
}

TEST_F(TcpTest, AHeaderThatSaysNothingIsAnsweredAsItIs) {
  auto ends = connect();
  const auto refused = loop.run_until_done([](Ends& of) -> awaitable<Result<Bytes>> {
    EXPECT_TRUE(co_await of.client.write(Bytes{0, 255, 1}, soon()));
    co_return co_await of.server.read_message(kFraming, soon());
  }(ends));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::malformed);
}

TEST_F(TcpTest, AStreamThatIsClosedGivesOutNothingMore) {
  auto ends = connect();
  std::array<std::uint8_t, 1> one{};
  loop.run_until_done([](Ends& of, std::span<std::uint8_t> into) -> awaitable<void> {
    EXPECT_TRUE(co_await of.client.write(as_bytes("hello"), soon()));
    EXPECT_TRUE(co_await of.server.read(into, soon()));
    of.server.close();
    EXPECT_FALSE(co_await of.server.read(into, soon()));
  }(ends, one));
}

TEST_F(TcpTest, AReadPastItsDeadlineIsTimedOutAndClosesTheStream) {
  auto ends = connect();
  const auto late = loop.run_until_done(ends.client.read(buffer, at_once()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(late.error().what, HasSubstr(ends.client.peer()));
  EXPECT_EQ(loop.run_until_done(ends.server.read_some(buffer, soon())).value(), 0);
}

TEST_F(TcpTest, AWriteThatNobodyReadsIsTimedOut) {
  if (kit::kIsWindows) GTEST_SKIP() << "Wine does not end a write whose socket is closed";
  auto ends = connect();
  const Bytes much(64 << 20);
  const auto late = loop.run_until_done(ends.client.write(much, at_once()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::timed_out);
}

TEST_F(TcpTest, ADeadlineOfAnOperationThatEndedHarmsNoLaterOne) {
  kit::VirtualTime time;
  auto held = time.hold();  // the sockets are real
  auto ends = connect();
  TaskScope scope(loop.executor());
  std::optional<Result<>> second;
  loop.run_until_done([&](Ends& of, std::span<std::uint8_t> into, TaskScope& in,
                          std::optional<Result<>>& out) -> awaitable<void> {
    const auto short_deadline = within(5s);
    EXPECT_TRUE(co_await of.server.write(as_bytes("hello"), soon()));
    EXPECT_TRUE(co_await of.client.read(into, short_deadline));
    in.spawn([](TcpStream& from, std::span<std::uint8_t> to,
                std::optional<Result<>>& result) -> awaitable<void> {
      result = co_await from.read(to, soon());
    }(of.client, into, out));
    held.reset();
    co_await time.pass(10s);
    held = time.hold();
    EXPECT_TRUE(co_await of.server.write(as_bytes("again"), soon()));
    co_await in.join();
  }(ends, buffer, scope, second));
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(second->has_value());
}

TEST_F(TcpTest, AShorterDeadlineThanThatOfTheLastOperationCounts) {
  auto ends = connect();
  loop.run_until_done([](Ends& of, std::span<std::uint8_t> into) -> awaitable<void> {
    EXPECT_TRUE(co_await of.server.write(as_bytes("hello"), soon()));
    EXPECT_TRUE(co_await of.client.read(into, soon()));
    const auto late = co_await of.client.read(into, at_once());
    EXPECT_EQ(late.error().kind, ErrorKind::timed_out);
  }(ends, buffer));
}

TEST_F(TcpTest, ThePeerClosingInTheMiddleIsUnreachable) {
  auto ends = connect();
  const auto cut =
      loop.run_until_done([](Ends& of, std::span<std::uint8_t> into) -> awaitable<Result<>> {
        EXPECT_TRUE(co_await of.server.write(as_bytes("hel"), soon()));
        of.server.close();
        co_return co_await of.client.read(into, soon());
      }(ends, buffer));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(cut.error().what, HasSubstr("closed by the other side"));
}

TEST_F(TcpTest, ReadSomeTellsAGoodEndFromAReset) {
  auto ends = connect();
  loop.run_until_done([](Ends& of, std::span<std::uint8_t> into) -> awaitable<void> {
    // Closing with unread bytes in the buffer resets the connection.
    EXPECT_TRUE(co_await of.client.write(as_bytes("hello"), soon()));
    EXPECT_TRUE(co_await of.server.wait_readable(soon()));
    of.server.close();
    const auto reset = co_await of.client.read_some(into, soon());
    EXPECT_EQ(reset.error().kind, ErrorKind::unreachable);
    // Wine takes some resets for a good end.
    if (!kit::kIsWindows) EXPECT_TRUE(reset.error().native.has_value());
  }(ends, buffer));
}

TEST_F(TcpTest, AClosedStreamAnswersUnreachable) {
  auto ends = connect();
  ends.client.close();
  const auto closed = loop.run_until_done(ends.client.read(buffer, soon()));
  EXPECT_EQ(closed.error().kind, ErrorKind::unreachable);
}

TEST_F(TcpTest, CloseEndsAReadThatWaits) {
  auto ends = connect();
  TaskScope scope(loop.executor());
  std::optional<Result<>> outcome;
  scope.spawn([](TcpStream& from, std::span<std::uint8_t> into,
                 std::optional<Result<>>& out) -> awaitable<void> {
    out = co_await from.read(into, soon());
  }(ends.client, buffer, outcome));
  loop.run_until_done(kit::let_others_run());
  ends.client.close();
  loop.run_until_done(scope.join());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().kind, ErrorKind::unreachable);
}

TEST_F(TcpTest, AStreamMayBeDestroyedWhileItIsRead) {
  std::optional<Ends> ends = connect();
  TaskScope scope(loop.executor());
  std::optional<Result<>> outcome;
  scope.spawn([](TcpStream& from, std::span<std::uint8_t> into,
                 std::optional<Result<>>& out) -> awaitable<void> {
    out = co_await from.read(into, soon());
  }(ends->client, buffer, outcome));
  loop.run_until_done(kit::let_others_run());
  ends.reset();
  loop.run_until_done(scope.join());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().kind, ErrorKind::unreachable);
}

TEST_F(TcpTest, CancelledOperationsThrowAndCloseTheStream) {
  auto reading = connect();
  EXPECT_TRUE(throws_when_cancelled(reading.client.read(buffer, soon())));
  EXPECT_EQ(loop.run_until_done(reading.server.read_some(buffer, soon())).value(), 0);

  auto reading_some = connect();
  EXPECT_TRUE(throws_when_cancelled(reading_some.client.read_some(buffer, soon())));
  EXPECT_EQ(loop.run_until_done(reading_some.server.read_some(buffer, soon())).value(), 0);

  auto writing = connect();
  const Bytes much(64 << 20);
  EXPECT_TRUE(throws_when_cancelled(writing.client.write(much, soon())));

  EXPECT_TRUE(throws_when_cancelled(listener.accept()));
}

TEST_F(TcpTest, CancelledConnectThrows) {
  // Nobody accepts and the backlog is full, so that the second connection stays half open.
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor full(context);
  full.open(boost::asio::ip::tcp::v4());
  full.bind({boost::asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  const auto port = full.local_endpoint().port();
  const auto first = loop.run_until_done(connector.connect("127.0.0.1", port, soon()));
  EXPECT_TRUE(first);
  EXPECT_TRUE(throws_when_cancelled(connector.connect("127.0.0.1", port, soon())));
}

TEST_F(TcpTest, ConnectsToAddressesInEveryForm) {
  for (const auto* host : {"127.0.0.1", "localhost"}) {
    EXPECT_TRUE(loop.run_until_done(connector.connect(host, listener.port(), soon()))) << host;
  }
  auto v6 = TcpListener::open(loop.executor(), "::1", 0);
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().what;
  const auto* with_zone = kit::kIsWindows ? "::1%1" : "::1%lo";
  for (const auto* host : {"::1", "[::1]", with_zone, "0:0:0:0:0:0:0:1"}) {
    auto stream = loop.run_until_done(connector.connect(host, v6->port(), soon()));
    ASSERT_TRUE(stream) << host << ": " << stream.error().what;
    EXPECT_THAT(stream->peer(), HasSubstr("[::1"));
  }
}

TEST_F(TcpTest, SaysWhyNobodyAnswers) {
  const auto port = listener.port();
  listener.close();
  const auto refused = loop.run_until_done(connector.connect("127.0.0.1", port, soon()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(refused.error().what, "127.0.0.1:" + std::to_string(port) + ": Connection refused");

  const auto by_name = loop.run_until_done(connector.connect("localhost", port, soon()));
  EXPECT_EQ(by_name.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(by_name.error().what, testing::StartsWith("localhost: "));
}

TEST_F(TcpTest, ANameThatCannotExistIsAnError) {
  // Not asked of any name server: a label of more than 63 characters is refused at once.
  const auto missing =
      loop.run_until_done(connector.connect(std::string(64, 'x') + ".invalid", 445, soon()));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, HasSubstr(".invalid"));
}

TEST_F(TcpTest, ResolvingANameEndsByTheDeadline) {
  const auto late =
      loop.run_until_done(connector.connect("localhost", listener.port(), Deadline{}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::timed_out);
}

TEST_F(TcpTest, AListenerSaysWhyItCannotListen) {
  const auto taken = TcpListener::open(loop.executor(), "127.0.0.1", listener.port());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, HasSubstr(kit::kIsWindows ? "denied" : "in use"));
  EXPECT_FALSE(TcpListener::open(loop.executor(), "no address", 0));

  TaskScope scope(loop.executor());
  std::optional<Error> outcome;
  scope.spawn([](TcpListener& of, std::optional<Error>& out) -> awaitable<void> {
    out = (co_await of.accept()).error();
  }(listener, outcome));
  loop.run_until_done(kit::let_others_run());
  listener.close();
  loop.run_until_done(scope.join());
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, ErrorKind::unreachable);
}

}  // namespace
}  // namespace tocsin::net
