#include "net/tcp.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/try.h"
#include "net/failure.h"
#include "net/resolver.h"
#include "net/timer.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono_literals::operator""s;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
/// Takes several fragments of a service manager's longest answers at once.
constexpr std::size_t kReadAhead = std::size_t{16} * 1024;

std::string to_string(const tcp::endpoint& endpoint) {
  const auto& address = endpoint.address();
  const std::string text = address.to_string();
  return (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(endpoint.port());
}

/// What has come and is not taken. Its room, which is not cleared before use, is there only while
/// something is read into it or left in it: a connection that is at rest has none.
class Ahead {
 public:
  [[nodiscard]] BytesView view() const { return {room_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  void drop(std::size_t count) {
    begin_ += count;
    if (empty()) *this = {};
  }
  /// Where to read what comes behind the rest; add() tells how much has come.
  [[nodiscard]] std::span<std::uint8_t> room() {
    if (!room_) room_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadAhead);
    std::ranges::copy(view(), room_.get());  // at most forwards
    end_ -= std::exchange(begin_, 0);
    return std::span(room_.get(), kReadAhead).subspan(end_);
  }
  void add(std::size_t count) { end_ += count; }

 private:
  std::unique_ptr<std::uint8_t[]> room_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

/// A socket whose operations end by their deadlines. One timer serves all of them and is left to
/// run between them: an operation that ends in time costs no call to the timer at all, since the
/// timer looks at the deadlines only when it goes off, once per limit on a busy connection.
struct TcpStream::Socket : std::enable_shared_from_this<Socket> {
  static constexpr Deadline kNone = Deadline::max();
  enum Direction : std::uint8_t { reading, writing, waiting };

  explicit Socket(tcp::socket from) : socket(std::move(from)), timer(socket.get_executor()) {}

  tcp::socket socket;
  Timer timer;
  Deadline timer_goes_off = kNone;
  std::array<Deadline, 3> deadlines{kNone, kNone, kNone};  // of the operations that run
  Expired expired = Expired::no;
  std::string peer;
  std::optional<Semaphore::Slot> place;  ///< among those that may be open
  Ahead ahead;

  /// Fills the buffer from what is there; answers what is still to be filled.
  std::span<std::uint8_t> take_ahead(std::span<std::uint8_t> buffer) {
    const auto there = ahead.view().first(std::min(buffer.size(), ahead.view().size()));
    std::ranges::copy(there, buffer.begin());
    ahead.drop(there.size());
    return buffer.subspan(there.size());
  }
  /// Reads more of it.
  static awaitable<Result<>> read_ahead(std::shared_ptr<Socket> socket, Deadline deadline);

  void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
    ahead = {};
    timer.cancel();
    timer_goes_off = kNone;
  }

  /// Requests and answers are single small messages: waiting to fill a segment only delays them.
  void send_at_once() {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
  }

  void watch() {
    const Deadline next = std::ranges::min(deadlines);
    if (next >= timer_goes_off) return;
    timer_goes_off = next;
    timer.call_at(next, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_timer();
    });
  }

  void on_timer() {
    timer_goes_off = kNone;
    const auto now = MonotonicClock::now();
    if (std::min(deadlines[reading], deadlines[writing]) <= now) {
      expired = Expired::yes;
      return close();
    }
    if (deadlines[waiting] <= now) stop_waiting();
    watch();
  }

  void stop_waiting() {
    if (std::exchange(deadlines[waiting], kNone) == kNone) return;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }

  /// After an error nothing more is sent or read: what stands between the bytes is lost.
  Error fail(const boost::system::error_code& error, const asio::cancellation_state& task) {
    close();
    return describe_failure(error, expired, task, peer);
  }
};

namespace {

/// While it lives, an operation runs in this direction and has this deadline.
class Limit {
 public:
  template <typename Socket>
  Limit(Socket& socket, typename Socket::Direction direction, Deadline deadline)
      : of_(socket.deadlines.at(direction)) {
    of_ = deadline;
    socket.watch();
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { of_ = Deadline::max(); }

 private:
  Deadline& of_;
};

}  // namespace

TcpStream::TcpStream(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
TcpStream::TcpStream(TcpStream&&) noexcept = default;
TcpStream& TcpStream::operator=(TcpStream&& other) noexcept {
  if (socket_) socket_->close();
  socket_ = std::move(other.socket_);
  return *this;
}
TcpStream::~TcpStream() {
  if (socket_) socket_->close();
}

awaitable<Result<>> TcpStream::write(BytesView all, Deadline deadline) {
  const auto socket = socket_;  // the stream may be destroyed before the operation ends
  const Limit limit(*socket, Socket::writing, deadline);
  const auto [error, count] =
      co_await asio::async_write(socket->socket, asio::buffer(all.data(), all.size()), kAsTuple);
  if (error)
    co_return std::unexpected(socket->fail(error, co_await asio::this_coro::cancellation_state));
  co_return Result<>{};
}

awaitable<Result<>> TcpStream::Socket::read_ahead(std::shared_ptr<Socket> socket,
                                                  Deadline deadline) {
  const Limit limit(*socket, reading, deadline);
  // Its room must outlive the operation, also where the socket is closed meanwhile.
  auto ahead = std::exchange(socket->ahead, {});
  const auto room = ahead.room();
  const auto [error, count] =
      co_await socket->socket.async_read_some(asio::buffer(room.data(), room.size()), kAsTuple);
  if (error)
    co_return std::unexpected(socket->fail(error, co_await asio::this_coro::cancellation_state));
  ahead.add(count);
  socket->ahead = std::move(ahead);
  co_return Result<>{};
}

awaitable<Result<>> TcpStream::read(std::span<std::uint8_t> all, Deadline deadline) {
  const auto socket = socket_;
  for (all = socket->take_ahead(all); !all.empty(); all = socket->take_ahead(all)) {
    CO_TRY(co_await Socket::read_ahead(socket, deadline));
  }
  co_return Result<>{};
}

awaitable<Result<Bytes>> TcpStream::read_message(Framing framing, Deadline deadline) {
  const auto socket = socket_;
  auto& ahead = socket->ahead;
  while (ahead.view().size() < framing.header_size) {
    CO_TRY(co_await Socket::read_ahead(socket, deadline));
  }
  CO_TRY(const auto size, framing.size_of(ahead.view().first(framing.header_size)));
  ahead.drop(framing.header_size);
  Bytes message;
  message.reserve(size);
  for (;;) {
    const auto part = ahead.view().first(std::min(size - message.size(), ahead.view().size()));
    message.insert(message.end(), part.begin(), part.end());
    ahead.drop(part.size());
    if (message.size() == size) co_return message;
    CO_TRY(co_await Socket::read_ahead(socket, deadline));
  }
}

awaitable<Result<std::size_t>> TcpStream::read_some(std::span<std::uint8_t> buffer,
                                                    Deadline deadline) {
  const auto socket = socket_;
  if (!socket->ahead.empty()) co_return buffer.size() - socket->take_ahead(buffer).size();
  const Limit limit(*socket, Socket::reading, deadline);
  const auto [error, count] =
      co_await socket->socket.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAsTuple);
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error)
    co_return std::unexpected(socket->fail(error, co_await asio::this_coro::cancellation_state));
  co_return count;
}

awaitable<Result<bool>> TcpStream::wait_readable(Deadline deadline) {
  const auto socket = socket_;
  if (!socket->ahead.empty()) co_return true;
  const Limit limit(*socket, Socket::waiting, deadline);
  const auto [error] = co_await socket->socket.async_wait(tcp::socket::wait_read, kAsTuple);
  if (!error) co_return true;
  const auto task = co_await asio::this_coro::cancellation_state;
  const bool is_open = socket->socket.is_open();
  if (error == asio::error::operation_aborted && is_open) {
    if (task.cancelled() == asio::cancellation_type::none) co_return false;
    throw boost::system::system_error(error);
  }
  co_return std::unexpected(socket->fail(error, task));
}

void TcpStream::stop_waiting() { socket_->stop_waiting(); }
void TcpStream::close() { socket_->close(); }
std::string TcpStream::peer() const { return socket_->peer; }

Connector::Connector(const Executor& executor, ConnectorLimits limits)
    : Connector(executor, limits, system_names(limits.lookups)) {}
Connector::Connector(const Executor& executor, ConnectorLimits limits,
                     std::unique_ptr<NameService> names)
    : executor_(executor),
      limits_(limits),
      free_(executor, limits.connections),
      resolver_(std::make_unique<Resolver>(executor, std::move(names))) {}
Connector::~Connector() = default;

bool Connector::is_scarce() const { return free_.free() <= limits_.connections / 16; }

awaitable<Result<std::vector<std::string>>> Connector::resolve(const std::string& host,
                                                               Deadline deadline) {
  if (const auto literal = as_address(host)) co_return std::vector{*literal};
  CO_TRY(auto answer, co_await resolver_->resolve(host, deadline));
  co_return std::move(answer.addresses);
}

awaitable<Result<TcpStream>> Connector::connect(std::string host, std::uint16_t port,
                                                Deadline deadline,
                                                std::chrono::milliseconds limit) {
  std::vector<std::string> addresses;
  const auto literal = as_address(host);
  auto subject = host;
  if (literal) {
    addresses.push_back(*literal);
  } else {
    CO_TRY(auto answer, co_await resolver_->resolve(host, deadline));
    addresses = std::move(answer.addresses);
    if (answer.remembered) subject += " (at its last known address)";
  }
  auto place = co_await free_.acquire_until(deadline);
  if (!place)
    co_return fail(ErrorKind::exhausted, host + ": not asked, tocsin may not open any more files");
  if (limit < deadline - MonotonicClock::now()) deadline = within(limit);
  Error last = describe_failure({}, Expired::yes, {}, host);  // when no time is left to try any
  for (auto left = static_cast<int>(addresses.size()); const auto& address : addresses) {
    // A silent address must leave time for the others, and each gets time for a slow network.
    const auto remaining = deadline - MonotonicClock::now();
    if (remaining <= 0s) break;
    const auto share = std::max(remaining / left--, std::min<Deadline::duration>(remaining, 1s));
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    const auto socket = std::make_shared<TcpStream::Socket>(tcp::socket(executor_));
    socket->peer = to_string(endpoint);
    const Limit within_share(*socket, TcpStream::Socket::writing, deadline - remaining + share);
    const auto [error] = co_await socket->socket.async_connect(endpoint, kAsTuple);
    if (!error) {
      socket->send_at_once();
      socket->place = std::move(place);
      co_return TcpStream(socket);
    }
    last = socket->fail(error, co_await asio::this_coro::cancellation_state);
    if (!literal) last = std::move(last).in(subject);
  }
  co_return std::unexpected(std::move(last));
}

struct TcpListener::Acceptor {
  tcp::acceptor acceptor;
  std::string address;
};

TcpListener::TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
TcpListener::TcpListener(TcpListener&&) noexcept = default;
TcpListener& TcpListener::operator=(TcpListener&&) noexcept = default;
TcpListener::~TcpListener() {
  if (acceptor_) close();
}

Result<TcpListener> TcpListener::open(const Executor& executor, const std::string& address,
                                      std::uint16_t port) {
  const auto literal = as_address(address);
  if (!literal) return fail(ErrorKind::unreachable, address + ": not an IP address");
  const tcp::endpoint endpoint(asio::ip::make_address(*literal), port);
  auto acceptor = std::make_shared<Acceptor>(tcp::acceptor(executor), to_string(endpoint));
  boost::system::error_code error;
  acceptor->acceptor.open(endpoint.protocol(), error);
  // Or a restart would have to wait until the connections of the last run are forgotten.
  if (!error) acceptor->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->acceptor.bind(endpoint, error);
  if (!error) acceptor->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected(describe_failure(error, Expired::no, {}, acceptor->address));
  return TcpListener(std::move(acceptor));
}

awaitable<Result<TcpStream>> TcpListener::accept() {
  const auto acceptor = acceptor_;  // the listener may be destroyed before the operation ends
  auto [error, accepted] = co_await acceptor->acceptor.async_accept(kAsTuple);
  if (error) {
    co_return std::unexpected(describe_failure(
        error, Expired::no, co_await asio::this_coro::cancellation_state, acceptor_->address));
  }
  auto socket = std::make_shared<TcpStream::Socket>(std::move(accepted));
  socket->send_at_once();
  boost::system::error_code gone;
  socket->peer = to_string(socket->socket.remote_endpoint(gone));
  co_return TcpStream(std::move(socket));
}

std::uint16_t TcpListener::port() const {
  boost::system::error_code closed;
  return acceptor_->acceptor.local_endpoint(closed).port();
}

void TcpListener::close() {
  boost::system::error_code ignored;
  acceptor_->acceptor.close(ignored);
}

}  // namespace tocsin::net
