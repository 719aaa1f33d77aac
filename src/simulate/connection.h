// One client of a pretend host.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "net/async.h"
#include "net/event.h"
#include "net/tcp.h"
#include "simulate/mischief.h"
#include "wire/smb2/server.h"

namespace tocsin::simulate {

/// Replies leave by a task of their own, because some come late by themselves.
class Connection {
 public:
  Connection(const net::Executor& executor, net::TcpStream stream, smb2::Server server,
             Behaviour behaviour);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes requests until the client leaves or breaks the protocol, or somebody closes the
  /// connection. Cancellation throws.
  net::awaitable<void> receive();
  /// Sends what there is to send until then. Cancellation throws.
  static net::awaitable<void> send(std::shared_ptr<Connection> connection);
  void close() { stream_.close(); }

 private:
  /// One message after the other, until there are no more.
  net::awaitable<Result<>> take_requests();
  void add(std::vector<Bytes> replies);
  net::awaitable<Result<>> send_next();

  net::TcpStream stream_;
  smb2::Server server_;
  Spoiler spoiler_;
  std::deque<Transmission> outgoing_;
  net::Event something_to_send_;
  net::Event something_sent_;
  bool late_ = false;   ///< there may be late replies
  bool ended_ = false;  ///< receive() has ended
};

}  // namespace tocsin::simulate
