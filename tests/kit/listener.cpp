#include "kit/listener.h"

#include <exception>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tocsin::kit {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// A client that goes away ends its session and nothing else.
constexpr auto kIgnored = [](const std::exception_ptr&) {};

}  // namespace

Listener::Listener(Serve serve)
    : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      serve_(std::move(serve)) {
  asio::co_spawn(context_, accept(), kIgnored);
  thread_ = std::thread([this] { context_.run(); });
}

// What still reads or writes when the context goes may never be told of its end by Wine, and the
// context waits for it.
void Listener::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    acceptor_.close();
    for (auto& session : sessions_) session.emit(asio::cancellation_type::terminal);
  });
  thread_.join();
}

asio::awaitable<void> Listener::accept() {
  for (std::size_t connection = 1;; ++connection) {
    tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    auto& session = sessions_.emplace_back();
    asio::co_spawn(context_, serve_(std::move(socket), connection),
                   asio::bind_cancellation_slot(session.slot(), kIgnored));
  }
}

std::optional<asio::ssl::context> tls_for(const Identity* identity) {
  if (identity == nullptr) return std::nullopt;
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(identity->certificate));
  context.use_private_key(asio::buffer(identity->private_key), asio::ssl::context::pem);
  return context;
}

}  // namespace tocsin::kit
