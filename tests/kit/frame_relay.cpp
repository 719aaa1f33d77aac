#include "kit/frame_relay.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

namespace tocsin::kit {
namespace {

constexpr std::chrono::hours kNoHurry{24};

/// The length that stands in the three last bytes of a frame's header, however wrong it is.
std::size_t length_of(const std::array<std::uint8_t, 4>& header) {
  return std::size_t{header[1]} << 16 | std::size_t{header[2]} << 8 | header[3];
}

}  // namespace

struct FrameRelay::Connection {
  net::TcpStream client;
  net::TcpStream server;
  std::set<Connection*>& open;
  bool forgotten = false;

  Connection(net::TcpStream from, net::TcpStream to, std::set<Connection*>& in)
      : client(std::move(from)), server(std::move(to)), open(in) {
    open.insert(this);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { open.erase(this); }
  void close() {
    client.close();
    server.close();
  }
};

FrameRelay::FrameRelay(net::TaskScope& scope, const net::Executor& executor,
                       net::Connector& connector, std::uint16_t port)
    : scope_(scope),
      connector_(connector),
      listener_(net::TcpListener::open(executor, "127.0.0.1", 0).value()),
      target_(port) {
  scope.spawn(accept());
}

void FrameRelay::cut() {
  for (auto* connection : open_) connection->close();
}

void FrameRelay::forget_connections() {
  for (auto* connection : open_) connection->forgotten = true;
}

net::awaitable<void> FrameRelay::accept() {
  for (;;) {
    auto client = co_await listener_.accept();
    if (!client) co_return;
    connections_++;
    scope_.spawn(relay(*std::move(client)));
  }
}

net::awaitable<void> FrameRelay::relay(net::TcpStream client) {
  auto server = co_await connector_.connect("127.0.0.1", target_, net::within(kNoHurry));
  if (!server) co_return;
  const auto connection =
      std::make_shared<Connection>(std::move(client), *std::move(server), open_);
  scope_.spawn(pump(connection, Way::to_client));
  co_await pump(connection, Way::to_server);
}

net::awaitable<void> FrameRelay::pump(std::shared_ptr<Connection> connection, Way way) {
  auto& from = way == Way::to_server ? connection->client : connection->server;
  auto& to = way == Way::to_server ? connection->server : connection->client;
  // Requests frame by frame, to count them; replies as they come, since they may be no frames.
  Bytes buffer(16'384);
  for (;;) {
    std::size_t size = 0;
    if (way == Way::to_server) {
      std::array<std::uint8_t, 4> header{};
      if (!co_await from.read(header, net::within(kNoHurry))) break;
      buffer.assign(header.begin(), header.end());
      buffer.resize(size = header.size() + length_of(header));
      if (!co_await from.read(std::span(buffer).subspan(header.size()), net::within(kNoHurry)))
        break;
      requests_++;
      if (act_ && --requests_until_act_ == 0) std::exchange(act_, nullptr)();
    } else {
      const auto got = co_await from.read_some(buffer, net::within(kNoHurry));
      if (!got || *got == 0) break;
      size = *got;
    }
    bytes_ += size;
    if (connection->forgotten) continue;
    if (!co_await to.write(BytesView(buffer).first(size), net::within(kNoHurry))) break;
  }
  connection->close();
}

}  // namespace tocsin::kit
