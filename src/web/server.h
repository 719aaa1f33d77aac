// Listens and answers: connections, their limits and their deadlines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/async.h"
#include "net/server_stream.h"
#include "net/task_scope.h"
#include "net/tcp.h"
#include "web/router.h"

namespace tocsin::web {

/// How many connections there are at most. The next one takes the place of the one that has kept
/// quiet for longest.
inline constexpr std::size_t kMostConnections = 128;

/// On the loop's thread only.
class Server {
 public:
  /// Port 0 lets the system choose. With an identity it speaks TLS only. unreachable: the address
  /// is not ours or the port is taken.
  static Result<Server> open(const net::Executor& executor, const std::string& address,
                             std::uint16_t port, const Router& router,
                             std::optional<net::TlsIdentity> identity = {});

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  /// Whether a response is under way, streams not counted.
  [[nodiscard]] bool is_answering() const;
  /// Serves until it is cancelled. `connections` outlives it; what runs there is to be cancelled
  /// too.
  net::awaitable<void> run(net::TaskScope& connections);

 private:
  struct Connection;
  Server(net::TcpListener listener, const Router& router, std::optional<net::TlsIdentity> identity)
      : listener_(std::move(listener)), router_(router), identity_(std::move(identity)) {}
  net::awaitable<void> serve(std::shared_ptr<Connection> connection);
  net::awaitable<bool> answer(Connection& connection, const Request& request);
  void make_room();

  net::TcpListener listener_;
  const Router& router_;
  std::optional<net::TlsIdentity> identity_;
  std::list<std::shared_ptr<Connection>> connections_;  ///< the one that spoke last is the last
};

}  // namespace tocsin::web
