// TCP with a deadline on every step, and names resolved without blocking the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "net/async.h"

namespace tocsin::net {

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
  /// At least one byte; the count read. 0 when the peer has closed in good order.
  awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, Deadline deadline);
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

class Resolver;

/// Opens connections; owns the few threads on which names are resolved. One for the program.
class Connector {
 public:
  explicit Connector(const Executor& executor);
  /// Before the loop is destroyed. Does not wait for names that nobody waits for.
  ~Connector();

  /// `host` is an IPv4 or IPv6 address (with or without brackets, with or without %zone) or a name;
  /// the addresses of a name are tried in turn within the deadline. not_found: no such name;
  /// unreachable: nobody answers on any address, with the reason of the last one; timed_out.
  awaitable<Result<TcpStream>> connect(std::string host, std::uint16_t port, Deadline deadline);

 private:
  Executor executor_;
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
