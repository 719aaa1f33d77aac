#include "cli/receiver.h"

#include <array>
#include <optional>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace tocsin::cli {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kMostBody = 65'536;
constexpr auto kPatience = std::chrono::minutes(5);

/// Reads one request from the stream; `ahead` is what came before it was asked for. Nothing: the
/// peer has gone or speaks no HTTP.
net::awaitable<std::optional<std::string>> read_request(net::TcpStream& stream,
                                                        std::string& ahead) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kMostBody);
  parser.eager(true);
  std::array<std::uint8_t, 4096> buffer{};
  for (;;) {
    boost::system::error_code error;
    if (!ahead.empty()) {
      const auto used = parser.put(boost::asio::buffer(ahead), error);
      if (error && error != http::error::need_more) co_return std::nullopt;
      ahead.erase(0, used);
      if (parser.is_done()) co_return std::move(parser.get().body());
    }
    const auto got = co_await stream.read_some(buffer, net::within(kPatience));
    if (!got || *got == 0) co_return std::nullopt;
    ahead.append(buffer.begin(), buffer.begin() + *got);
  }
}

}  // namespace

Result<Receiver> Receiver::open(const net::Executor& executor, Arrived arrived) {
  auto listener = net::TcpListener::open(executor, "127.0.0.1", 0);
  if (!listener) return fail(std::move(listener), "webhook receiver");
  return Receiver(*std::move(listener), std::move(arrived));
}

net::awaitable<void> Receiver::run(net::TaskScope& connections) {
  for (;;) {
    auto stream = co_await listener_.accept();
    if (!stream) co_return;
    connections.spawn(serve(*std::move(stream)));
  }
}

net::awaitable<void> Receiver::serve(net::TcpStream stream) {
  static constexpr std::string_view kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";
  std::string ahead;
  while (auto body = co_await read_request(stream, ahead)) {
    arrived_(*body);
    if (!co_await stream.write(as_bytes(kAnswer), net::within(kPatience))) co_return;
  }
}

}  // namespace tocsin::cli
