#include "net/smtp_session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/ip/host_name.hpp>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/try.h"
#include "net/curl.h"
#include "net/late_curl.h"

namespace tocsin::net {
namespace {

using Easy = std::unique_ptr<CURL, CurlDeleter<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CurlDeleter<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, CurlDeleter<curl_slist_free_all>>;
using CurlText = std::unique_ptr<char, CurlDeleter<curl_free>>;

/// How late giving up may be noticed.
constexpr auto kPollInterval = std::chrono::milliseconds(100);
/// No line of a reply is longer (RFC 5321, 4.5.3.1.5: 512 bytes).
constexpr std::size_t kLongestLine = 8192;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "[::1]" for an IPv6 address.
std::string bracketed(const std::string& host) {
  return host.contains(':') && !host.starts_with('[') ? "[" + host + "]" : host;
}

std::string own_name() {
  boost::system::error_code ignored;
  std::string name = boost::asio::ip::host_name(ignored);
  return name.contains('.') ? name : "[127.0.0.1]";
}

/// The server under the name that it is to be verified by, and our own name as the path, where curl
/// looks for it.
std::string url_of(CURL* easy, const SmtpServer& server) {
  const std::string name = server.client_name.empty() ? own_name() : server.client_name;
  const CurlText escaped(curl_easy_escape(easy, name.c_str(), static_cast<int>(name.size())));
  return std::string(server.security == SmtpSecurity::implicit_tls ? "smtps://" : "smtp://") +
         bracketed(server.server_name.empty() ? server.host : server.server_name) + ":" +
         std::to_string(server.port) + "/" + escaped.get();
}

long use_ssl(SmtpSecurity security) {
  switch (security) {
    case SmtpSecurity::implicit_tls:
    case SmtpSecurity::starttls_required:
      return CURLUSESSL_ALL;
    case SmtpSecurity::starttls_offered:
      return CURLUSESSL_TRY;
    case SmtpSecurity::never:
      return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

/// What curl tells while it connects.
struct Connecting {
  SmtpReplyReader& replies;
  SmtpPhase& phase;
  std::string& foreign;
  const SmtpLimits& limits;
};

std::size_t take_reply(const char* line, std::size_t, std::size_t size, void* connecting) {
  auto& [replies, phase, foreign, limits] = *static_cast<Connecting*>(connecting);
  if (replies.take({line, size})) return size;
  // Curl would wait for another line.
  foreign.assign(line, size);
  return 0;
}

/// What another protocol says first.
std::string_view protocol_of(std::string_view greeting) {
  if (greeting.starts_with("* ")) return ": it speaks IMAP";
  if (greeting.starts_with("+OK")) return ": it speaks POP3";
  if (greeting.starts_with("HTTP/")) return ": it speaks HTTP";
  return {};
}

int take_command(CURL*, curl_infotype type, char* text, std::size_t size, void* connecting) {
  const std::string_view command(text, size);
  if (type != CURLINFO_HEADER_OUT) return 0;
  auto& phase = static_cast<Connecting*>(connecting)->phase;
  if (command.starts_with("EHLO") || command.starts_with("HELO")) phase = SmtpPhase::greeting;
  if (command.starts_with("STARTTLS")) phase = SmtpPhase::starttls;
  if (command.starts_with("AUTH ")) phase = SmtpPhase::login;
  return 0;
}

int check_limits(void* connecting, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Connecting*>(connecting)->limits.passed() ? 1 : 0;
}

bool is_address(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' && c != '<' && c != '>';
  });
}

/// Whether the mail can be sent as it is: no line of it can be taken for one of ours.
bool is_mail(std::string_view data) {
  char before = 0;
  for (const char c : data) {
    if ((before == '\r') != (c == '\n')) return false;
    before = c;
  }
  return data.ends_with("\r\n");
}

}  // namespace

struct SmtpSession::Curl {
  Easy easy{curl_easy_init()};
  Multi waiting{curl_multi_init()};  ///< for what it knows about waiting for sockets
  std::array<char, CURL_ERROR_SIZE> problem{};
};

Result<> SmtpReplyReader::take(std::string_view line) {
  constexpr std::size_t kCode = 3;
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const bool has_code =
      line.size() >= kCode && std::ranges::all_of(line.substr(0, kCode), is_digit);
  const char after = line.size() > kCode ? line[kCode] : ' ';
  if (!has_code || (after != ' ' && after != '-')) {
    return fail(ErrorKind::malformed, "it does not speak SMTP");
  }
  if (complete_) text_.clear();
  code_ = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  complete_ = after == ' ';
  const std::string_view said = line.substr(std::min(line.size(), kCode + 1));
  if (!text_.empty() && !said.empty()) text_ += ' ';
  text_ += said.substr(0, kMostText - std::min(text_.size(), kMostText));
  return {};
}

std::string with_dots_stuffed(std::string_view data) {
  std::string out;
  out.reserve(data.size() + data.size() / 64 + 3);
  bool line_begins = true;
  for (const char c : data) {
    if (line_begins && c == '.') out += '.';
    out += c;
    line_begins = c == '\n';
  }
  return out + ".\r\n";
}

SmtpSession::SmtpSession(const SmtpServer& server)
    : server_(server),
      peer_(bracketed(server.host) + ":" + std::to_string(server.port)),
      curl_(std::make_unique<Curl>()) {}

SmtpSession::~SmtpSession() = default;

Result<> SmtpSession::read_secret() {
  const SmtpLogin& login = server_.login;
  secret_ = login.secret.reveal();
  if (login.method == SmtpLogin::Method::none || !login.read_secret) return {};
  TRY(const auto read, in_context(login.read_secret(), peer_));
  secret_ = read.reveal();
  return {};
}

Result<std::optional<SmtpReply>> SmtpSession::open(const SmtpLimits& limits) {
  TRY(read_secret());
  CURL* easy = curl_->easy.get();
  const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  const std::string url = url_of(easy, server_);
  // From whatever name to our host.
  const List host(curl_slist_append(nullptr, ("::" + peer_).c_str()));
  Connecting connecting{
      .replies = replies_, .phase = phase_, .foreign = foreign_, .limits = limits};
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_CONNECT_TO, host.get());
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_USE_SSL, use_ssl(server_.security));
  set_tls(easy, server_.tls);
  if (server_.login.method != SmtpLogin::Method::none) {
    const bool token = server_.login.method == SmtpLogin::Method::token;
    set(CURLOPT_USERNAME, server_.login.user.c_str());
    set(token ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, secret_.c_str());
    set(CURLOPT_LOGIN_OPTIONS, token ? "AUTH=XOAUTH2" : "AUTH=PLAIN;AUTH=LOGIN");
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(limits.deadline - MonotonicClock::now());
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(left.count())));
  set(CURLOPT_NOSIGNAL, 1L);
  // Giving up while a name is looked up must not wait for the resolver's own time limit.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, check_limits);
  set(CURLOPT_XFERINFODATA, &connecting);
  set(CURLOPT_HEADERFUNCTION, take_reply);
  set(CURLOPT_HEADERDATA, &connecting);
  set(CURLOPT_VERBOSE, 1L);  // what makes it tell what it says
  set(CURLOPT_DEBUGFUNCTION, take_command);
  set(CURLOPT_DEBUGDATA, &connecting);
  set(CURLOPT_ERRORBUFFER, curl_->problem.data());
  const CURLcode code = curl_easy_perform(easy);
  // Nothing is told any more: what it would be told to is gone.
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_VERBOSE, 0L);
  set(CURLOPT_HEADERFUNCTION, nullptr);
  set(CURLOPT_HEADERDATA, nullptr);  // a file to write to, without a function
  if (code == CURLE_OK) {
    lacks_login_ = server_.login.method != SmtpLogin::Method::none && phase_ != SmtpPhase::login;
    return std::nullopt;
  }
  const bool refused =
      replies_.complete() &&
      (replies_.code() >= 400 || (code == CURLE_LOGIN_DENIED && phase_ == SmtpPhase::login));
  if (refused && !limits.passed()) return reply();
  return std::unexpected(failure(code, limits));
}

Error SmtpSession::out_of_time() const {
  std::string what = peer_ + ": no answer in time to " + std::string(to_string(phase_));
  if (phase_ == SmtpPhase::greeting) {
    what = peer_ + ": no connection in time";
    if (server_.security != SmtpSecurity::implicit_tls && replies_.code() == 0)
      what += "; where the server speaks TLS from the first byte, `secure` must be true";
  }
  return {ErrorKind::timed_out, std::move(what), {}};
}

/// Why there is no reply.
Error SmtpSession::failure(int code, const SmtpLimits& limits) const {
  if (limits.passed()) return out_of_time();
  const auto error = [&](ErrorKind kind, const std::string& what) {
    return Error{kind, peer_ + ": " + what, static_cast<std::uint32_t>(code)};
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return out_of_time();
    case CURLE_USE_SSL_FAILED:
      return error(ErrorKind::unsupported,
                   "STARTTLS is required, and the server does not offer it: nothing was sent");
    case CURLE_LOGIN_DENIED:
      return error(ErrorKind::unsupported,
                   server_.login.method == SmtpLogin::Method::token
                       ? "the server offers no login with a token (XOAUTH2)"
                       : "the server offers neither of the logins PLAIN and "
                         "LOGIN");
    case CURLE_SSL_CONNECT_ERROR:
      if (std::string_view(curl_->problem.data()).contains("wrong version number"))
        return error(ErrorKind::unsupported,
                     "the server does not speak TLS from the first byte; STARTTLS is used where "
                     "`secure` is false");
      break;
    case CURLE_WRITE_ERROR:  // take_reply()'s
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return error(ErrorKind::malformed,
                   "it does not speak SMTP" + std::string(protocol_of(foreign_)));
    default:
      break;
  }
  return describe_curl_failure(curl_->easy.get(), code, peer_, curl_->problem.data());
}

SmtpReply SmtpSession::reply() const {
  // A server that refuses a token sends what may be said about it in base64, as a challenge.
  const bool challenge = replies_.code() / 100 == 3;
  return {.phase = phase_,
          .code = replies_.code(),
          .text = challenge ? "" : without_secrets(replies_.text()),
          .lacks_login = lacks_login_};
}

/// A server may say back what we said.
std::string SmtpSession::without_secrets(std::string text) const {
  const std::string& user = server_.login.user;
  if (secret_.empty()) return text;
  const std::array said = {
      to_base64(as_bytes(std::string(1, '\0') + user + std::string(1, '\0') + secret_)),
      to_base64(as_bytes("user=" + user + "\1auth=Bearer " + secret_ + "\1\1")),
      to_base64(as_bytes(secret_)), secret_};
  for (const std::string& hidden : said) {
    for (std::size_t at = 0; (at = text.find(hidden, at)) != std::string::npos;)
      text.replace(at, hidden.size(), "***");
  }
  return text;
}

/// Waits a little for the socket to be ready for `events`.
static void wait_for(CURL* easy, CURLM* waiting, short events) {
  curl_waitfd socket{.fd = CURL_SOCKET_BAD, .events = events, .revents = 0};
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket.fd);
  curl_multi_poll(waiting, &socket, 1, static_cast<int>(kPollInterval.count()), nullptr);
}

Result<> SmtpSession::write(std::string_view all, const SmtpLimits& limits) {
  while (!all.empty()) {
    if (limits.passed()) return std::unexpected(out_of_time());
    std::size_t written = 0;
    const CURLcode code = curl_easy_send(curl_->easy.get(), all.data(), all.size(), &written);
    if (code == CURLE_OK) {
      all.remove_prefix(written);
    } else if (code == CURLE_AGAIN) {
      wait_for(curl_->easy.get(), curl_->waiting.get(), CURL_WAIT_POLLOUT);
    } else {
      return std::unexpected(failure(code, limits));
    }
  }
  return {};
}

Result<> SmtpSession::read_reply(const SmtpLimits& limits) {
  std::array<char, 4096> buffer{};
  for (;;) {
    while (const auto end = received_.find('\n') + 1) {
      TRY(in_context(replies_.take(std::string_view(received_).substr(0, end)), peer_));
      received_.erase(0, end);
      if (replies_.complete()) return {};
    }
    if (received_.size() > kLongestLine)
      return fail(ErrorKind::malformed, peer_ + ": endless reply");
    if (limits.passed()) return std::unexpected(out_of_time());
    std::size_t count = 0;
    const CURLcode code = curl_easy_recv(curl_->easy.get(), buffer.data(), buffer.size(), &count);
    if (code == CURLE_AGAIN) {
      wait_for(curl_->easy.get(), curl_->waiting.get(), CURL_WAIT_POLLIN);
    } else if (code != CURLE_OK || count == 0) {
      return std::unexpected(failure(code == CURLE_OK ? CURLE_RECV_ERROR : code, limits));
    } else {
      received_.append(buffer.data(), count);
    }
  }
}

Result<> SmtpSession::ask(SmtpPhase phase, const std::string& command, const SmtpLimits& limits) {
  phase_ = phase;
  auto written = write(command, limits);
  return written ? read_reply(limits) : written;
}

Result<SmtpReply> SmtpSession::send(const SmtpMessage& message, const SmtpLimits& limits) {
  if (!is_address(message.sender) || !is_address(message.recipient))
    return fail(ErrorKind::invalid_config, "the sender or recipient is not a mail address");
  if (!is_mail(message.data)) return fail(ErrorKind::invalid_config, "the mail has broken lines");

  struct Step {
    SmtpPhase phase;
    std::string command;
    int wanted;  ///< the first digit of the reply
  };
  const std::array steps = {
      Step{SmtpPhase::sender, "MAIL FROM:<" + message.sender + ">\r\n", 2},
      Step{SmtpPhase::recipient, "RCPT TO:<" + message.recipient + ">\r\n", 2},
      Step{SmtpPhase::data, "DATA\r\n", 3},
      Step{SmtpPhase::data, with_dots_stuffed(message.data), 2}};
  for (const Step& step : steps) {
    TRY(ask(step.phase, step.command, limits));
    const int verdict = replies_.code() / 100;
    if (verdict == 4 || verdict == 5) break;
    if (verdict != step.wanted)
      return fail(ErrorKind::malformed,
                  peer_ + ": a reply out of order: " + std::to_string(replies_.code()));
  }
  return reply();
}

void SmtpSession::quit() {
  constexpr std::string_view kGoodbye = "QUIT\r\n";
  std::size_t written = 0;
  (void)curl_easy_send(curl_->easy.get(), kGoodbye.data(), kGoodbye.size(), &written);
}

}  // namespace tocsin::net
