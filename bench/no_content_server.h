// The cheapest HTTP server: it answers 204 to everything, on a thread of its own.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace tocsin::bench {

class NoContentServer {
 public:
  /// `arrived` is called on the server's thread for each request, before it is answered.
  explicit NoContentServer(std::function<void()> arrived = [] {}) : arrived_(std::move(arrived)) {
    boost::asio::co_spawn(context_, accept(), [](const std::exception_ptr&) {});
    thread_ = std::thread([this] { context_.run(); });
  }
  ~NoContentServer() {
    context_.stop();
    thread_.join();
  }
  NoContentServer(const NoContentServer&) = delete;
  NoContentServer& operator=(const NoContentServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port()) + "/hook";
  }

 private:
  using tcp = boost::asio::ip::tcp;

  boost::asio::awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
      boost::asio::co_spawn(context_, serve(std::move(socket)), [](const std::exception_ptr&) {});
    }
  }

  boost::asio::awaitable<void> serve(tcp::socket socket) {
    constexpr std::string_view kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";
    socket.set_option(tcp::no_delay(true));
    std::string received;
    std::array<char, 65536> buffer{};
    for (;;) {
      const std::size_t size =
          co_await socket.async_read_some(boost::asio::buffer(buffer), boost::asio::use_awaitable);
      received.append(buffer.data(), size);
      const std::size_t whole = request_size(received);
      if (whole == 0 || received.size() < whole) continue;
      received.erase(0, whole);
      arrived_();
      co_await boost::asio::async_write(socket, boost::asio::buffer(kAnswer),
                                        boost::asio::use_awaitable);
    }
  }

  /// 0 while its headers are incomplete.
  static std::size_t request_size(std::string_view received) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t end = received.find(kEnd);
    if (end == std::string_view::npos) return 0;
    std::size_t body = 0;
    if (const std::size_t at = received.find(kLength); at < end)
      std::from_chars(received.data() + at + kLength.size(), received.data() + end, body);
    return end + kEnd.size() + body;
  }

  std::function<void()> arrived_;
  boost::asio::io_context context_{1};
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

}  // namespace tocsin::bench
