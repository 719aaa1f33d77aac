#include "web/server.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "net/resolver.h"
#include "net/timer.h"
#include "wire/gzip.h"

namespace tocsin::web {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// From one request to the next.
constexpr auto kIdleLimit = 60s;
/// For all of a request, from its first byte on: who sends it byte by byte gets no longer.
constexpr auto kRequestLimit = 10s;
/// For a response. A client that does not read is cut off.
constexpr auto kWriteLimit = 30s;
/// What gzip would make smaller by too little to be worth it.
constexpr std::size_t kLeastToPack = 1000;
/// More would hold up the loop for milliseconds.
constexpr std::size_t kMostToPack = 500'000;

/// What each response says to browsers: nothing of ours runs but our own scripts, nobody frames it,
/// and names from other machines never become markup.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSecurity{{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
     "data:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tocsin"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
}};

bool takes_gzip(const Request& request) {
  return request.header("accept-encoding").value_or("").contains("gzip");
}

/// Of what may be stored somewhere, only pages say so themselves.
void complete(Response& response, const Request* request) {
  for (const auto& [name, value] : kSecurity) response.headers.emplace_back(name, value);
  const bool has_own_rule = std::ranges::any_of(
      response.headers, [](const auto& header) { return header.first == "Cache-Control"; });
  if (!has_own_rule) response.headers.emplace_back("Cache-Control", "no-store");
  if (request == nullptr) return;
  if (response.is_gzip && !takes_gzip(*request)) {
    constexpr std::size_t kMostUnpacked = std::size_t{16} * 1024 * 1024;
    response.body = gunzip(response.body, kMostUnpacked).value_or("");
    response.is_gzip = false;
  } else if (!response.is_gzip && response.body.size() >= kLeastToPack &&
             response.body.size() <= kMostToPack && takes_gzip(*request)) {
    response.body = gzip(response.body);
    response.is_gzip = true;
  }
}

/// The address of "10.1.2.3:445" or "[::1]:445".
std::string address_of(const std::string& peer) {
  const auto address = peer.substr(0, peer.rfind(':'));
  return net::as_address(address).value_or(address);
}

}  // namespace

struct Server::Connection {
  explicit Connection(net::ServerStream accepted)
      : stream(std::move(accepted)), peer(address_of(stream.peer())) {}

  net::ServerStream stream;
  std::string peer;
  enum class Does : std::uint8_t { reads, answers, streams } does = Does::reads;
};

bool Server::is_answering() const {
  return std::ranges::any_of(connections_, [](const auto& connection) {
    return connection->does == Connection::Does::answers;
  });
}

Result<Server> Server::open(const net::Executor& executor, const std::string& address,
                            std::uint16_t port, const Router& router,
                            std::optional<net::TlsIdentity> identity) {
  auto listener = net::TcpListener::open(executor, address, port);
  if (!listener) return fail(std::move(listener));
  return Server(*std::move(listener), router, std::move(identity));
}

void Server::make_room() {
  if (connections_.size() < kMostConnections) return;
  const auto quiet = std::ranges::find_if(connections_, [](const auto& connection) {
    return connection->does == Connection::Does::reads;
  });
  const auto& leaves = quiet == connections_.end() ? connections_.front() : *quiet;
  leaves->stream.close();
  connections_.erase(quiet == connections_.end() ? connections_.begin() : quiet);
}

net::awaitable<void> Server::run(net::TaskScope& connections) {
  for (;;) {
    auto stream = co_await listener_.accept();
    if (!stream) {
      co_await net::sleep_for(100ms);  // out of file descriptors, most likely
      continue;
    }
    make_room();
    connections_.push_back(
        std::make_shared<Connection>(identity_ ? net::ServerStream(*std::move(stream), *identity_)
                                               : net::ServerStream(*std::move(stream))));
    connections.spawn(serve(connections_.back()));
  }
}

net::awaitable<void> Server::serve(std::shared_ptr<Connection> connection) {
  RequestReader reader;
  std::array<std::uint8_t, 4096> buffer{};
  auto limit = net::within(kIdleLimit);
  for (;;) {
    auto request = reader.next();
    if (!request) {
      auto& refusal = request.error();
      complete(refusal, nullptr);
      const auto text = head_of(refusal, refusal.body.size(), false) + refusal.body;
      (void)co_await connection->stream.write(as_bytes(text), net::within(kWriteLimit));
      break;
    }
    if (*request) {
      connection->does = Connection::Does::answers;
      const bool goes_on = co_await answer(*connection, **request);
      connection->does = Connection::Does::reads;
      const auto place = std::ranges::find(connections_, connection);
      if (!goes_on || place == connections_.end()) break;
      connections_.splice(connections_.end(), connections_, place);
      limit = net::within(kIdleLimit);
      continue;
    }
    const bool was_idle = reader.is_idle();
    const auto got = co_await connection->stream.read_some(buffer, limit);
    if (!got || *got == 0) break;
    reader.add({reinterpret_cast<const char*>(buffer.data()), *got});
    if (was_idle) limit = net::within(kRequestLimit);
  }
  connection->stream.close();
  std::erase(connections_, connection);
}

net::awaitable<bool> Server::answer(Connection& connection, const Request& request) {
  auto answer = co_await router_.answer(request, connection.peer);
  auto& response = answer.response;
  complete(response, &request);
  const bool is_stream = static_cast<bool>(answer.stream);
  const bool goes_on = request.keep_alive && !is_stream;
  const bool has_length = !is_stream && response.status != 204 && response.status != 304;
  auto text =
      head_of(response, has_length ? std::optional(response.body.size()) : std::nullopt, goes_on);
  if (request.method != Method::head) text += response.body;
  const auto written = co_await connection.stream.write(as_bytes(text), net::within(kWriteLimit));
  if (!written) co_return false;
  if (!is_stream || request.method == Method::head) co_return goes_on;
  connection.does = Connection::Does::streams;
  co_await answer.stream(connection.stream);
  co_return goes_on;
}

}  // namespace tocsin::web
