#include "kit/http_imposter.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

// libstdc++ 14 deprecates std::aligned_storage, which Boost.Beast uses.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#pragma clang diagnostic pop

#include "kit/listener.h"

namespace tocsin::kit {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::uint64_t kMostRequestBody = 16ULL * 1024 * 1024;

std::string path_of(std::string_view target) {
  return std::string(target.substr(0, target.find('?')));
}

}  // namespace

std::string_view HttpJournalEntry::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& entry) { return beast::iequals(entry.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

struct HttpImposter::Server {
  explicit Server(const Identity* identity) : tls(tls_for(identity)) {
    gate.expires_at(std::chrono::steady_clock::time_point::max());
  }
  ~Server() { listener.stop(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  awaitable<void> serve(tcp::socket socket, std::size_t number) {
    {
      const std::scoped_lock lock(shared.mutex);
      connections = number;
    }
    if (!tls) {
      co_await converse(socket, number);
      co_return;
    }
    asio::ssl::stream<tcp::socket> stream(std::move(socket), *tls);
    co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
    co_await converse(stream, number);
  }

  /// Returning closes the connection.
  template <typename Stream>
  awaitable<void> converse(Stream& stream, std::size_t number) {
    beast::flat_buffer buffer;
    for (bool open = true; open;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMostRequestBody);
      co_await http::async_read(stream, buffer, parser, use_awaitable);
      const HttpReply reply = note(parser.get(), number);
      if (reply.held) co_await wait_for_release();
      open = co_await answer(stream, reply, parser.get().keep_alive());
    }
  }

  HttpReply note(const http::request<http::string_body>& request, std::size_t connection) {
    HttpJournalEntry entry{.method = std::string(request.method_string()),
                           .target = std::string(request.target()),
                           .headers = {},
                           .body = request.body(),
                           .at = std::chrono::steady_clock::now(),
                           .connection = connection};
    for (const auto& field : request)
      entry.headers.emplace_back(field.name_string(), field.value());
    const std::scoped_lock lock(shared.mutex);
    const auto script = scripts.find(path_of(entry.target));
    journal.push_back(std::move(entry));
    shared.changed.notify_all();
    if (script != scripts.end()) return script->second.take();
    return fallback.take();
  }

  awaitable<void> wait_for_release() {
    while (!released) {
      boost::system::error_code opened;
      co_await gate.async_wait(asio::redirect_error(use_awaitable, opened));
    }
  }

  /// Whether the connection stays open.
  template <typename Stream>
  awaitable<bool> answer(Stream& stream, const HttpReply& reply, bool keep_alive) {
    if (reply.form == HttpReply::Form::closed) co_return false;
    if (reply.form == HttpReply::Form::garbage) {
      constexpr std::string_view kGarbage = "220 mail.example ESMTP\r\n\xFF\xFE\r\n";
      co_await asio::async_write(stream, asio::buffer(kGarbage), use_awaitable);
      co_return false;
    }
    http::response<http::string_body> response(static_cast<http::status>(reply.status), 11);
    for (const auto& [name, value] : reply.headers) response.insert(name, value);
    response.body() = reply.body;
    response.keep_alive(keep_alive);
    if (reply.form == HttpReply::Form::cut) {
      response.content_length(reply.body.size() + 1000);
    } else if (reply.status != 204 && reply.status != 304) {
      response.content_length(reply.body.size());
    }
    co_await http::async_write(stream, response, use_awaitable);
    co_return keep_alive&& reply.form == HttpReply::Form::complete;
  }

  std::optional<asio::ssl::context> tls;
  bool released = false;  ///< on the server's thread only

  Shared shared;
  std::map<std::string, Script<HttpReply>> scripts;
  Script<HttpReply> fallback{
      {HttpReply{.status = 404, .headers = {}, .body = "nothing is scripted here"}}};
  std::vector<HttpJournalEntry> journal;
  std::size_t connections = 0;

  Listener listener{[this](tcp::socket socket, std::size_t connection) {
    return serve(std::move(socket), connection);
  }};
  asio::steady_timer gate{listener.context()};  ///< never expires: cancelled to wake held answers
};

HttpImposter::HttpImposter() : server_(std::make_unique<Server>(nullptr)) {}
HttpImposter::HttpImposter(const Identity& identity)
    : server_(std::make_unique<Server>(&identity)) {}
HttpImposter::~HttpImposter() = default;

std::uint16_t HttpImposter::port() const { return server_->listener.port(); }

std::string HttpImposter::url() const {
  return std::string(server_->tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(port());
}

void HttpImposter::when(std::string path, std::vector<HttpReply> replies) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->scripts[std::move(path)] = {std::move(replies)};
}

void HttpImposter::otherwise(std::vector<HttpReply> replies) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->fallback = {std::move(replies)};
}

void HttpImposter::release() {
  asio::post(server_->listener.context(), [server = server_.get()] {
    server->released = true;
    server->gate.cancel();
  });
}

std::vector<HttpJournalEntry> HttpImposter::journal() const {
  return server_->shared.copy(server_->journal);
}

bool HttpImposter::wait_for(std::size_t count) const {
  return server_->shared.wait_until([&] { return server_->journal.size() >= count; });
}

std::size_t HttpImposter::connections() const { return server_->shared.copy(server_->connections); }

}  // namespace tocsin::kit
