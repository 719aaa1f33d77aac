// Stands between a client and an SMB server: counts what passes, and breaks connections the ways
// networks do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "net/task_scope.h"
#include "net/tcp.h"

namespace tocsin::kit {

/// On the loop's thread. Lives longer than the tasks of its scope.
class FrameRelay {
 public:
  /// Relays to `port` on 127.0.0.1 until the scope is cancelled.
  FrameRelay(net::TaskScope& scope, const net::Executor& executor, net::Connector& connector,
             std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  /// Since the start, or since the last reset_counts().
  [[nodiscard]] std::size_t connections() const { return connections_; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  void reset_counts() { connections_ = requests_ = bytes_ = 0; }

  /// Calls `act` once, when so many requests from now on have come, before it passes the last on.
  void at_request(std::size_t number, std::function<void()> act) {
    requests_until_act_ = number;
    act_ = std::move(act);
  }
  /// Closes every connection.
  void cut();
  /// Nothing passes any more through the connections that there are, and no end gets an error.
  void forget_connections();

 private:
  struct Connection;
  enum class Way : std::uint8_t { to_server, to_client };
  net::awaitable<void> accept();
  net::awaitable<void> relay(net::TcpStream client);
  net::awaitable<void> pump(std::shared_ptr<Connection> connection, Way way);

  net::TaskScope& scope_;
  net::Connector& connector_;
  net::TcpListener listener_;
  std::uint16_t target_;
  std::set<Connection*> open_;
  std::size_t connections_ = 0;
  std::size_t requests_ = 0;
  std::size_t bytes_ = 0;
  std::size_t requests_until_act_ = 0;
  std::function<void()> act_;
};

}  // namespace tocsin::kit
