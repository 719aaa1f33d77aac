#include "kit/smtp_imposter.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "kit/listener.h"

namespace tocsin::kit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::size_t kMostMail = std::size_t{16} * 1024 * 1024;

/// One connection, in the clear or not.
struct Line {
  explicit Line(tcp::socket over) : socket(std::move(over)) {}

  awaitable<void> encrypt(asio::ssl::context& tls) {
    stream.emplace(socket, tls);
    co_await stream->async_handshake(asio::ssl::stream_base::server, use_awaitable);
  }
  /// Without the line's end.
  awaitable<std::string> read(std::string_view end = "\r\n") {
    const std::size_t size =
        stream ? co_await asio::async_read_until(*stream, asio::dynamic_buffer(buffer, kMostMail),
                                                 end, use_awaitable)
               : co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer, kMostMail),
                                                 end, use_awaitable);
    std::string text = buffer.substr(0, size - end.size());
    buffer.erase(0, size);
    co_return text;
  }
  awaitable<void> write(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
      text.insert(at, 1, '\r');
    text += "\r\n";
    if (stream) {
      co_await asio::async_write(*stream, asio::buffer(text), use_awaitable);
    } else {
      co_await asio::async_write(socket, asio::buffer(text), use_awaitable);
    }
  }

  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> stream;
  std::string buffer;
  std::string reply;  ///< the last scripted one
};

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

std::string between(const std::string& line, char from, char to) {
  const auto begin = line.find(from);
  const auto end = line.rfind(to);
  return begin == std::string::npos || end < begin ? "" : line.substr(begin, end - begin + 1);
}

}  // namespace

struct SmtpImposter::Server {
  Server(SmtpTls wanted, const Identity* identity) : tls(wanted), secure(tls_for(identity)) {}

  awaitable<void> serve(tcp::socket socket, std::size_t number) {
    {
      const std::scoped_lock lock(shared.mutex);
      connections = number;
      ++open;
    }
    struct Closing {
      Server& server;
      ~Closing() {
        const std::scoped_lock lock(server.shared.mutex);
        --server.open;
        server.shared.changed.notify_all();
      }
    } const closing{*this};
    Line line(std::move(socket));
    SmtpJournalEntry mail{.connection = number};
    if (tls == SmtpTls::implicit) co_await encrypt(line, mail);
    bool going = co_await say(line, "greeting", "220 imposter.example ESMTP");
    while (going) going = co_await step(line, mail);
  }

  awaitable<void> encrypt(Line& line, SmtpJournalEntry& mail) {
    co_await line.encrypt(secure.value());
    mail.encrypted = true;
    const char* name = SSL_get_servername(line.stream->native_handle(), TLSEXT_NAMETYPE_host_name);
    mail.sni = name == nullptr ? "" : name;
  }

  /// The scripted reply of a step, or the one that accepts; false when the connection closes.
  awaitable<bool> say(Line& line, const std::string& step, std::string otherwise) {
    {
      const std::scoped_lock lock(shared.mutex);
      if (const auto script = scripts.find(step); script != scripts.end())
        otherwise = script->second.take();
    }
    if (otherwise == "hang") {
      (void)co_await line.read("\r\nnever\r\n");
      co_return false;
    }
    if (otherwise == "close") co_return false;
    line.reply = otherwise;
    co_await line.write(std::move(otherwise));
    co_return true;
  }

  awaitable<bool> step(Line& line, SmtpJournalEntry& mail) {
    const std::string command = co_await line.read();
    {
      const std::scoped_lock lock(shared.mutex);
      heard.push_back(command);
      shared.changed.notify_all();
    }
    const std::string verb = upper(command.substr(0, command.find_first_of(" :")));
    if (verb == "QUIT") {
      co_await line.write("221 bye");
      co_return false;
    }
    if (verb == "EHLO") {
      mail.client = command.substr(5);
      co_return co_await say(line, verb, greeting(mail.encrypted));
    }
    if (verb == "STARTTLS") {
      const bool going = co_await say(line, verb, "220 go ahead");
      if (going && line.reply.starts_with("220")) co_await encrypt(line, mail);
      co_return going;
    }
    if (verb == "AUTH") co_return co_await log_in(line, mail, command.substr(5));
    if (verb == "MAIL") mail.sender = between(command, '<', '>');
    if (verb == "RCPT") mail.recipient = between(command, '<', '>');
    if (verb != "DATA") co_return co_await say(line, verb, "250 2.0.0 fine");
    if (!co_await say(line, verb, "354 go on")) co_return false;
    if (!line.reply.starts_with("354")) co_return true;
    mail.data = co_await line.read("\r\n.\r\n") + "\r\n";
    {
      const std::scoped_lock lock(shared.mutex);
      journal.push_back(mail);
    }
    co_return co_await say(line, ".", "250 2.0.0 queued as 1");
  }

  std::string greeting(bool encrypted) {
    const std::scoped_lock lock(shared.mutex);
    std::string lines;
    if (tls == SmtpTls::starttls && !encrypted) lines += "250-STARTTLS\n";
    for (const std::string& extension : extensions) lines += "250-" + extension + "\n";
    return "250-imposter.example\n" + lines + "250 8BITMIME";
  }

  awaitable<bool> log_in(Line& line, SmtpJournalEntry& mail, std::string how) {
    const std::string mechanism = upper(how.substr(0, how.find(' ')));
    const bool at_once = how.contains(' ');
    std::vector<std::string> questions;
    if (mechanism == "LOGIN") {
      questions = {"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"};
      if (at_once) questions.erase(questions.begin());
    } else if (!at_once) {
      questions = {"334 "};
    }
    mail.login = std::move(how);
    for (const std::string& question : questions) {
      co_await line.write(question);
      mail.login += " " + co_await line.read();
    }
    co_return co_await say(line, "AUTH", "235 2.7.0 welcome");
  }

  const SmtpTls tls;
  std::optional<asio::ssl::context> secure;

  Shared shared;
  std::map<std::string, Script<std::string>> scripts;
  std::vector<std::string> extensions;
  std::vector<SmtpJournalEntry> journal;
  std::vector<std::string> heard;
  std::size_t connections = 0;
  std::size_t open = 0;

  Listener listener{[this](tcp::socket socket, std::size_t connection) {
    return serve(std::move(socket), connection);
  }};
};

SmtpImposter::SmtpImposter() : server_(std::make_unique<Server>(SmtpTls::none, nullptr)) {}
SmtpImposter::SmtpImposter(SmtpTls tls, const Identity& identity)
    : server_(std::make_unique<Server>(tls, &identity)) {}
SmtpImposter::~SmtpImposter() = default;

std::uint16_t SmtpImposter::port() const { return server_->listener.port(); }

void SmtpImposter::when(std::string step, std::vector<std::string> replies) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->scripts[std::move(step)] = {std::move(replies)};
}

void SmtpImposter::offer(std::vector<std::string> extensions) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->extensions = std::move(extensions);
}

std::vector<SmtpJournalEntry> SmtpImposter::journal() const {
  return server_->shared.copy(server_->journal);
}

std::vector<std::string> SmtpImposter::heard() const {
  return server_->shared.copy(server_->heard);
}

std::size_t SmtpImposter::connections() const { return server_->shared.copy(server_->connections); }

std::size_t SmtpImposter::open() const { return server_->shared.copy(server_->open); }

bool SmtpImposter::wait_for_heard(std::size_t count) const {
  return server_->shared.wait_until([&] { return server_->heard.size() >= count; });
}

bool SmtpImposter::wait_until_all_closed() const {
  return server_->shared.wait_until([&] { return server_->open == 0; });
}

}  // namespace tocsin::kit
