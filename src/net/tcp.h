// TCP with a deadline on every step, and names resolved without blocking the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "net/async.h"
#include "net/semaphore.h"

namespace tocsin::net {

/// Messages behind a header of so many bytes, which tells how long each is.
struct Framing {
  std::size_t header_size;
  Result<std::size_t> (*size_of)(BytesView header);  ///< of the message behind it, bounded
};

/// A connection. One reader and one writer at a time, on the loop's thread. Every operation answers
/// timed_out when its deadline passes and unreachable when the peer closes or resets; after an
/// error the stream is closed. Cancelling throws and closes the stream.
class TcpStream {
 public:
  TcpStream(TcpStream&&) noexcept;
  TcpStream& operator=(TcpStream&&) noexcept;
  ~TcpStream();

  awaitable<Result<>> write(BytesView all, Deadline deadline);
  /// Fills the buffer.
  awaitable<Result<>> read(std::span<std::uint8_t> all, Deadline deadline);
  /// The next message, without its header. What `framing` says of the header is answered as it is,
  /// and leaves the stream open.
  awaitable<Result<Bytes>> read_message(Framing framing, Deadline deadline);
  /// At least one byte; the count read. 0 when the peer has closed in good order.
  awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, Deadline deadline);
  /// Waits until there is something to read, or the peer has closed; false: the deadline or
  /// stop_waiting() came first. Neither that nor cancelling closes the stream. Nothing else may be
  /// under way.
  awaitable<Result<bool>> wait_readable(Deadline deadline);
  void stop_waiting();
  void close();
  /// "10.1.2.3:445", for logs.
  [[nodiscard]] std::string peer() const;

 private:
  friend class TcpListener;
  friend class Connector;
  struct Socket;
  explicit TcpStream(std::shared_ptr<Socket> socket);
  std::shared_ptr<Socket> socket_;
};

class NameService;
class Resolver;

/// How much of what the process may have open is for connections; the rest is others'.
struct ConnectorLimits {
  std::size_t connections = std::numeric_limits<std::size_t>::max();
  std::size_t lookups = 512;  ///< of names that are looked up at the same time
};

/// Opens connections; owns the threads on which names are resolved. One for the program.
class Connector {
 public:
  explicit Connector(const Executor& executor, ConnectorLimits limits = {});
  /// With names that the system's resolver does not answer, for tests.
  Connector(const Executor& executor, ConnectorLimits limits, std::unique_ptr<NameService> names);
  /// Before the loop is destroyed. Waits for no name.
  ~Connector();

  /// `host` is an IPv4 or IPv6 address (with or without brackets, with or without %zone) or a name
  /// (as Resolver); the addresses of a name are tried in turn, within `limit` and the deadline.
  /// not_found: no such name; unreachable: nobody answers on any address, with the reason of the
  /// last one; timed_out; exhausted: it was not tried, for want of what this machine has.
  awaitable<Result<TcpStream>> connect(std::string host, std::uint16_t port, Deadline deadline,
                                       std::chrono::milliseconds limit = std::chrono::hours(1));
  /// The addresses that connect() would try, one for an address. not_found, unreachable, timed_out,
  /// exhausted.
  awaitable<Result<std::vector<std::string>>> resolve(const std::string& host, Deadline deadline);
  /// Whether so few more connections may be opened that one should not stay open unused.
  [[nodiscard]] bool is_scarce() const;

 private:
  Executor executor_;
  ConnectorLimits limits_;
  Semaphore free_;
  std::unique_ptr<Resolver> resolver_;
};

class TcpListener {
 public:
  /// Port 0 lets the system choose. unreachable: the address is not ours or the port is taken.
  static Result<TcpListener> open(const Executor& executor, const std::string& address,
                                  std::uint16_t port);
  TcpListener(TcpListener&&) noexcept;
  TcpListener& operator=(TcpListener&&) noexcept;
  ~TcpListener();

  /// unreachable: closed, or the system has no more sockets. Cancelling throws.
  awaitable<Result<TcpStream>> accept();
  [[nodiscard]] std::uint16_t port() const;
  void close();

 private:
  struct Acceptor;
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor);
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace tocsin::net
