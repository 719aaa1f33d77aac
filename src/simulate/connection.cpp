#include "simulate/connection.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "wire/smb2/frame.h"

namespace tocsin::simulate {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

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

net::awaitable<Result<>> send(net::TcpStream& stream, Transmission transmission) {
  if (transmission.pause > Duration::zero()) co_await net::sleep_for(transmission.pause);
  if (!transmission.byte_by_byte) co_return co_await stream.write(transmission.frame, no_hurry());
  for (const auto& byte : transmission.frame) {
    if (auto sent = co_await stream.write(BytesView(&byte, 1), no_hurry()); !sent) co_return sent;
    co_await net::sleep_for(1s);
  }
  co_return Result<>{};
}

}  // namespace

net::awaitable<void> converse(net::TcpStream& stream, smb2::Server server, Behaviour behaviour) {
  FrameReader reader(stream);
  Spoiler spoiler(behaviour);
  for (;;) {
    const auto message = co_await reader.next();
    if (!message) co_return;
    if (spoiler.expires()) server.expire_session();
    auto replies = server.handle(*message);
    if (!replies) co_return;
    for (auto& reply : *replies) {
      auto transmission = spoiler.transmit(std::move(reply));
      if (transmission.frame.empty()) continue;
      if (auto sent = co_await send(stream, std::move(transmission)); !sent) co_return;
    }
  }
}

}  // namespace tocsin::simulate
