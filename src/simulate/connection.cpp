#include "simulate/connection.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "base/try.h"
#include "wire/smb2/frame.h"

namespace tocsin::simulate {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

/// Messages that a client leaves unread before it is listened to no more.
constexpr std::size_t kMostUnread = 64;

/// Nobody is thrown out for being quiet.
net::Deadline no_hurry() { return net::within(24h); }

/// Takes framed messages out of a stream, with one read for each where they are short.
class FrameReader {
 public:
  explicit FrameReader(net::TcpStream& stream) : stream_(stream) {}

  /// Valid until the next call; malformed, or what the stream answers.
  net::awaitable<Result<BytesView>> next() {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    if (auto got = co_await fill(smb2::kFrameHeaderSize); !got) co_return fail(std::move(got));
    const auto size = smb2::parse_frame_header(BytesView(buffer_).first(smb2::kFrameHeaderSize));
    if (!size) co_return std::unexpected(size.error());
    taken_ = smb2::kFrameHeaderSize + *size;
    if (auto got = co_await fill(taken_); !got) co_return fail(std::move(got));
    co_return BytesView(buffer_).subspan(smb2::kFrameHeaderSize, *size);
  }

 private:
  net::awaitable<Result<>> fill(std::size_t size) {
    while (buffer_.size() < size) {
      const auto begun = buffer_.size();
      buffer_.resize(std::max<std::size_t>(size, begun + kChunk));
      const auto count = co_await stream_.read_some(std::span(buffer_).subspan(begun), no_hurry());
      buffer_.resize(begun + count.value_or(0));
      if (!count) co_return std::unexpected(count.error());
      if (*count == 0) co_return fail(ErrorKind::unreachable, "the client has left");
    }
    co_return Result<>{};
  }

  static constexpr std::size_t kChunk = 1024;
  net::TcpStream& stream_;
  Bytes buffer_;
  std::size_t taken_ = 0;  ///< bytes of the message handed out last
};

net::awaitable<Result<>> transmit(net::TcpStream& stream, Transmission transmission) {
  if (transmission.pause > Duration::zero()) co_await net::sleep_for(transmission.pause);
  if (!transmission.byte_by_byte) co_return co_await stream.write(transmission.frame, no_hurry());
  for (const auto& byte : transmission.frame) {
    if (auto sent = co_await stream.write(BytesView(&byte, 1), no_hurry()); !sent) co_return sent;
    co_await net::sleep_for(1s);
  }
  co_return Result<>{};
}

}  // namespace

Connection::Connection(const net::Executor& executor, net::TcpStream stream, smb2::Server server,
                       Behaviour behaviour)
    : stream_(std::move(stream)),
      server_(std::move(server)),
      spoiler_(behaviour),
      something_to_send_(executor),
      something_sent_(executor) {
  server_.on_late_replies([this] {
    late_ = true;
    something_to_send_.set();
  });
}

net::awaitable<void> Connection::receive() {
  co_await take_requests();
  ended_ = true;
  something_to_send_.set();
}

net::awaitable<Result<>> Connection::take_requests() {
  FrameReader reader(stream_);
  for (;;) {
    CO_TRY(const auto message, co_await reader.next());
    if (spoiler_.expires()) server_.expire_session();
    CO_TRY(auto replies, server_.handle(message));
    add(std::move(replies));
    while (outgoing_.size() > kMostUnread) {
      something_sent_.reset();
      co_await something_sent_.wait();
    }
  }
}

void Connection::add(std::vector<Bytes> replies) {
  for (auto& reply : replies) {
    auto transmission = spoiler_.transmit(std::move(reply));
    if (!transmission.frame.empty()) outgoing_.push_back(std::move(transmission));
  }
  if (!outgoing_.empty()) something_to_send_.set();
}

net::awaitable<void> Connection::send(std::shared_ptr<Connection> connection) {
  auto& self = *connection;
  for (;;) {
    if (std::exchange(self.late_, false)) self.add(self.server_.late_replies());
    if (!self.outgoing_.empty()) {
      const auto sent = co_await self.send_next();
      if (!sent) self.outgoing_.clear();  // and receive() learns it from the stream
    } else if (self.ended_) {
      co_return self.close();
    } else {
      self.something_to_send_.reset();
      co_await self.something_to_send_.wait();
    }
  }
}

net::awaitable<Result<>> Connection::send_next() {
  auto next = std::move(outgoing_.front());
  outgoing_.pop_front();
  something_sent_.set();
  return transmit(stream_, std::move(next));
}

}  // namespace tocsin::simulate
