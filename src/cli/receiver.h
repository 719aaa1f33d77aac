// A webhook receiver for the demo: answers 204 and says what arrived.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/async.h"
#include "net/task_scope.h"
#include "net/tcp.h"

namespace tocsin::cli {

/// Accepts on 127.0.0.1, a port of the system's choice, and hands each request's body to `arrived`,
/// until it is cancelled. Small requests only (64 KB).
class Receiver {
 public:
  using Arrived = std::function<void(const std::string& body)>;

  static Result<Receiver> open(const net::Executor& executor, Arrived arrived);
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  net::awaitable<void> run(net::TaskScope& connections);

 private:
  Receiver(net::TcpListener listener, Arrived arrived)
      : listener_(std::move(listener)), arrived_(std::move(arrived)) {}
  net::awaitable<void> serve(net::TcpStream stream);

  net::TcpListener listener_;
  Arrived arrived_;
};

}  // namespace tocsin::cli
