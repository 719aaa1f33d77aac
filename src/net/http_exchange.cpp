#include "net/http_exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/asio/detail/socket_ops.hpp>
#include <boost/asio/detail/socket_types.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "net/curl.h"
#include "net/late_curl.h"
#include "net/retry_after.h"

namespace tocsin::net {
namespace {

using ParsedUrl = std::unique_ptr<CURLU, CurlDeleter<curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, CurlDeleter<curl_free>>;
using SocketType = boost::asio::detail::socket_type;

constexpr int kProxyLogin = 407;  // RFC 9110, 15.5.8
constexpr std::string_view kMayBeTls = "; if the port speaks TLS, the URL must begin with https://";

CurlText part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  return CurlText(curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : nullptr);
}

/// One "Name: value" line in which nothing can begin another one.
std::string header_line(std::string_view name, std::string_view value) {
  std::string line(name);
  // An empty value is written with a semicolon; curl takes "Name:" as the wish to leave it out.
  line += value.empty() ? ";" : ": ";
  line += value;
  std::erase_if(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return line;
}

/// "host:port" of a proxy's URL, which curl also takes without a scheme.
std::string without_login(std::string_view proxy) {
  if (const auto scheme = proxy.find("://"); scheme != std::string_view::npos)
    proxy.remove_prefix(scheme + 3);
  proxy = proxy.substr(0, proxy.find('/'));
  if (const auto login = proxy.rfind('@'); login != std::string_view::npos)
    proxy.remove_prefix(login + 1);
  return printable(proxy);
}

/// With all that is no visible ASCII percent-encoded behind the host, as curl itself does in a
/// path: servers answer 400 to it in a query.
std::string in_ascii(const std::string& url) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto scheme = url.find("://");
  const auto end_of_host =
      std::min(url.find_first_of("/?#", scheme == std::string::npos ? 0 : scheme + 3), url.size());
  std::string out = url.substr(0, end_of_host);
  for (const char c : std::string_view(url).substr(end_of_host)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte > 0x20 && byte < 0x7F) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

/// The 200 of "HTTP/1.1 200 OK"; 0: not a status line.
int status_in(std::string_view line) {
  if (!line.starts_with("HTTP/")) return 0;
  line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
  int status = 0;
  std::from_chars(line.data(), line.data() + line.size(), status);
  return status;
}

bool is_success_status(int status) { return status >= 200 && status < 300; }

bool has_body(const HttpRequest& request) {
  return request.method != "GET" || !request.body.empty();
}

/// Whether only headers and bodies differ, and how long is waited for the answer.
bool is_alike(const HttpRequest& a, const HttpRequest& b) {
  return a.url == b.url && a.method == b.method && has_body(a) == has_body(b) &&
         a.tls.ca_file == b.tls.ca_file && a.tls.verify == b.tls.verify &&
         a.proxy.url == b.proxy.url && a.proxy.bypass == b.proxy.bypass &&
         a.connect_limit == b.connect_limit;
}

/// Whether curl itself ends a kept connection on which something came unasked. (Read in 8.14.1;
/// 7.88.1 takes it for the next answer.)
bool notices_unasked_replies() {
  constexpr unsigned kSince = 0x08'0E'01;
  return curl_version_info(CURLVERSION_NOW)->version_num >= kSince;
}

int port_of(SocketType socket, int (*name)(SocketType, sockaddr*, socklen_t*)) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (name(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

Result<std::string> http_origin(const std::string& url) {
  const ParsedUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
    const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    const auto host = part_of(parsed.get(), CURLUPART_HOST);
    const auto port = part_of(parsed.get(), CURLUPART_PORT);
    if (host && port &&
        (scheme.get() == std::string_view("http") || scheme.get() == std::string_view("https")))
      return std::string(host.get()) + ":" + port.get();
  }
  return fail(ErrorKind::invalid_config, "the URL is not one of http or https");
}

bool HttpSockets::end_if_readable(int local_port, int peer_port) const {
  const auto local = [](SocketType socket, sockaddr* address, socklen_t* size) {
    return ::getsockname(socket, address, size);
  };
  const auto peer = [](SocketType socket, sockaddr* address, socklen_t* size) {
    return ::getpeername(socket, address, size);
  };
  for (const auto number : open_) {
    const auto socket = static_cast<SocketType>(number);
    if (port_of(socket, local) != local_port || port_of(socket, peer) != peer_port) continue;
    std::array<char, 4096> unasked;
    if (::recv(socket, unasked.data(), unasked.size(), MSG_PEEK) <= 0) return false;
    // Curl asks the socket whether it is still good: without what came it says that it is not.
    constexpr int kBothWays = 2;  // SHUT_RDWR, SD_BOTH
    ::shutdown(socket, kBothWays);
    while (::recv(socket, unasked.data(), unasked.size(), 0) > 0) continue;
    return true;
  }
  return false;
}

struct HttpExchange::Callbacks {
  static HttpExchange& of(void* exchange) { return *static_cast<HttpExchange*>(exchange); }

  static std::size_t take_header(const char* line, std::size_t, std::size_t count, void* exchange) {
    if (const int status = status_in({line, count}); status != 0) of(exchange).status_ = status;
    return count;
  }
  static std::size_t take_body(const char* bytes, std::size_t, std::size_t count, void* exchange) {
    auto& body = of(exchange).response_.body;
    // The rest is read, so that the connection can be kept; but it may be endless.
    if (body.size() == HttpResponse::kMostBody && of(exchange).suffices()) return 0;
    body.append(bytes, std::min(count, HttpResponse::kMostBody - body.size()));
    return count;
  }
  static int take_words(CURL*, curl_infotype type, char* words, std::size_t count, void* exchange) {
    if (type == CURLINFO_TEXT) of(exchange).note_text({words, count});
    if (type == CURLINFO_HEADER_OUT) of(exchange).note_request({words, count});
    return 0;
  }
  static curl_socket_t open_socket(void* exchange, curlsocktype, curl_sockaddr* address) {
    const auto socket = ::socket(address->family, address->socktype, address->protocol);
    if (socket == CURL_SOCKET_BAD) return socket;
    of(exchange).has_opened_ = true;
    of(exchange).sockets_->add(static_cast<std::intptr_t>(socket));
    return socket;
  }
  static int close_socket(void* sockets, curl_socket_t socket) {
    static_cast<HttpSockets*>(sockets)->remove(static_cast<std::intptr_t>(socket));
    boost::system::error_code ignored;
    boost::asio::detail::socket_ops::state_type state = 0;
    boost::asio::detail::socket_ops::close(socket, state, true, ignored);
    return 0;
  }
  static int check_connection(void* exchange, char*, char*, int peer_port, int local_port) {
    auto& self = of(exchange);
    if (self.has_opened_ || !self.sockets_->end_if_readable(local_port, peer_port))
      return CURL_PREREQFUNC_OK;
    self.met_unasked_reply_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
};

void HttpHandles::Free::operator()(void* easy) const { curl_easy_cleanup(easy); }

HttpHandles::Handle HttpHandles::take(const HttpRequest& request) {
  const auto found =
      std::ranges::find_if(idle_, [&](const Idle& one) { return is_alike(one.last, request); });
  if (found == idle_.end()) return {};
  auto handle = std::move(found->handle);
  idle_.erase(found);
  return handle;
}

void HttpHandles::keep(Handle handle, const HttpRequest& request) {
  constexpr std::size_t kMostIdle = 32;
  if (idle_.size() == kMostIdle) idle_.erase(idle_.begin());
  idle_.push_back({.handle = std::move(handle),
                   .last = {.method = request.method,
                            .url = request.url,
                            .headers = {},
                            .body = {},
                            .tls = request.tls,
                            .proxy = request.proxy,
                            .connect_limit = request.connect_limit}});
}

void HttpExchange::FreeList::operator()(void* list) const {
  curl_slist_free_all(static_cast<curl_slist*>(list));
}

HttpExchange::HttpExchange(HttpRequest request, std::string origin)
    : request_(std::move(request)), origin_(std::move(origin)) {}
HttpExchange::~HttpExchange() = default;

void* HttpExchange::begin(HttpSockets& sockets, HttpHandles& handles) {
  sockets_ = &sockets;
  easy_ = handles.take(request_);
  if (!easy_) set_up();
  set_request();
  return easy_.get();
}

/// What stays with the handle.
void HttpExchange::set_up() {
  easy_.reset(curl_easy_init());
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_.get(), option, value);
  };
  set(CURLOPT_URL, in_ascii(request_.url).c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  // What a server compresses all the same is read.
  set(CURLOPT_ACCEPT_ENCODING, "identity");
  if (has_body(request_)) set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  set_tls(easy_.get(), request_.tls);
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // each connection is to show its certificate
  // The proxy's answer to CONNECT is not the destination's.
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_PROXY_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NATIVE_CA));
  if (const auto& url = request_.proxy.url) set(CURLOPT_PROXY, url->c_str());
  if (const auto& bypass = request_.proxy.bypass) set(CURLOPT_NOPROXY, bypass->c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(request_.connect_limit.count())));
  set(CURLOPT_NOSIGNAL, 1L);
  // Giving up while a name is looked up must not wait for the resolver's own time limit.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HEADERFUNCTION, Callbacks::take_header);
  set(CURLOPT_WRITEFUNCTION, Callbacks::take_body);
  set(CURLOPT_DEBUGFUNCTION, Callbacks::take_words);
  if (notices_unasked_replies()) return;
  set(CURLOPT_OPENSOCKETFUNCTION, Callbacks::open_socket);
  set(CURLOPT_CLOSESOCKETFUNCTION, Callbacks::close_socket);
  set(CURLOPT_CLOSESOCKETDATA, sockets_);
  set(CURLOPT_PREREQFUNCTION, Callbacks::check_connection);
}

/// What each request has of its own.
void HttpExchange::set_request() {
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_.get(), option, value);
  };
  // No "Expect: 100-continue", which costs large bodies a round trip or a second; no content type
  // that the caller did not name.
  auto* headers = curl_slist_append(nullptr, "Expect:");
  if (std::ranges::none_of(request_.headers, [](const auto& header) {
        return curl_strequal(header.first.c_str(), "Content-Type") != 0;
      }))
    headers = curl_slist_append(headers, "Content-Type:");
  for (const auto& [name, value] : request_.headers)
    headers = curl_slist_append(headers, header_line(name, value).c_str());
  headers_.reset(headers);
  set(CURLOPT_HTTPHEADER, headers);
  if (has_body(request_)) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (const auto& url = request_.proxy.url) proxy_ = without_login(*url);
  problem_.assign(CURL_ERROR_SIZE, '\0');
  set(CURLOPT_ERRORBUFFER, problem_.data());
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGDATA, this);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_FRESH_CONNECT, std::exchange(met_unasked_reply_, false) ? 1L : 0L);
}

/// Only curl knows which variable of the environment it obeys.
void HttpExchange::note_text(std::string_view text) {
  if (!text.starts_with("Uses proxy env variable ")) return;
  const auto begin = std::min(text.find('\''), text.size() - 1) + 1;
  proxy_ = without_login(text.substr(begin, text.rfind('\'') - begin));
}

/// A proxy that reads the request gets the whole URL, and one that passes bytes on gets CONNECT.
void HttpExchange::note_request(std::string_view head) {
  if (head.starts_with("CONNECT ")) tunneled_ = true;
  if (head.starts_with(request_.method + " http")) forwarded_ = true;
}

bool HttpExchange::suffices() const {
  return request_.needs == HttpRequest::Needs::status_line && is_success_status(status_);
}

Result<HttpResponse> HttpExchange::outcome(int code) {
  is_complete_ = code == CURLE_OK;
  if (code != CURLE_OK && !suffices()) return std::unexpected(describe_failure(code));
  if (forwarded_ && status_ == kProxyLogin) return std::unexpected(refused_by_proxy(status_));
  response_.status = status_;
  if (forwarded_) response_.proxy = proxy_;
  curl_header* retry_after = nullptr;
  if (curl_easy_header(easy_.get(), "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK)
    response_.retry_after = parse_retry_after(retry_after->value, SystemClock().now());
  return std::move(response_);
}

void HttpExchange::end(HttpHandles& handles) {
  if (!std::exchange(is_complete_, false)) return easy_.reset();
  // Nothing of it points here any more: the rest is set before it is used.
  curl_easy_setopt(easy_.get(), CURLOPT_VERBOSE, 0L);
  curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
  handles.keep(std::move(easy_), request_);
}

/// Whether it is the proxy that curl could not connect to: "Failed to connect to proxy.example port
/// 3128 after 0 ms: Connection refused".
bool HttpExchange::is_proxy_unreachable() const {
  constexpr std::string_view kBefore = "Failed to connect to ";
  std::string_view text = problem_.c_str();
  if (proxy_.empty() || !text.starts_with(kBefore)) return false;
  text.remove_prefix(kBefore.size());
  const auto host = text.substr(0, text.find(" port "));
  const auto bracketed = host.contains(':') ? "[" + std::string(host) + "]" : std::string(host);
  return proxy_ == bracketed || proxy_.starts_with(bracketed + ":");
}

/// A login of the configuration must not be repeated.
Error HttpExchange::refused_by_proxy(long status) const {
  const auto who = origin_ + ": the proxy " + proxy_ + " refuses ";
  if (status != kProxyLogin)
    return {
        ErrorKind::unreachable, who + "the connection with status " + std::to_string(status), {}};
  if (request_.proxy.url && request_.proxy.url->contains('@'))
    return {ErrorKind::login_refused, who + "the user and password in its URL (status 407)", {}};
  return {ErrorKind::unreachable,
          who + "the connection with status 407: it wants a user and a password in its URL",
          {}};
}

/// Why there is no answer.
Error HttpExchange::describe_failure(int code) const {
  const auto error = [&](ErrorKind kind, const std::string& what) {
    return Error{kind, origin_ + ": " + what, static_cast<std::uint32_t>(code)};
  };
  long connect_status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &connect_status);
  if (connect_status >= 300) return refused_by_proxy(connect_status);
  if (code == CURLE_COULDNT_RESOLVE_PROXY)
    return error(ErrorKind::unreachable,
                 "the host name of the proxy " + proxy_ + " does not exist");
  if (is_proxy_unreachable())
    return describe_curl_failure(easy_.get(), code, origin_ + ": the proxy " + proxy_, {});
  const bool is_proxied = forwarded_ || tunneled_;
  const auto through = is_proxied ? " (through the proxy " + proxy_ + ")" : std::string();
  const bool may_be_tls = !is_proxied && curl_strnequal(request_.url.c_str(), "http:", 5) != 0;
  const auto hint = may_be_tls ? std::string(kMayBeTls) : std::string();
  switch (code) {
    case CURLE_PARTIAL_FILE:
      return error(ErrorKind::unreachable,
                   "the connection was closed in the middle of the answer" + through);
    case CURLE_UNSUPPORTED_PROTOCOL:  // in curl's words: "Received HTTP/0.9 when not allowed"
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return error(ErrorKind::malformed, "the answer is not HTTP" + through + hint);
    default:
      break;
  }
  auto failure = describe_curl_failure(easy_.get(), code, origin_, problem_.c_str());
  failure.what += through;
  if (code == CURLE_GOT_NOTHING) failure.what += hint;
  return failure;
}

}  // namespace tocsin::net
