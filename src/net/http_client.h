// HTTP requests (libcurl behind it, on a thread of its own).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/async.h"
#include "net/http_proxy.h"
#include "net/tls_options.h"

namespace tocsin::net {

struct HttpRequest {
  std::string method = "POST";
  std::string
      url;  ///< http or https; never normalised, never logged; what is no ASCII is percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  TlsOptions tls;
  HttpProxy proxy;
  std::chrono::milliseconds connect_limit = std::chrono::seconds(5);
  /// `status_line`: a status of success is the whole answer, whatever becomes of its body.
  enum class Needs : std::uint8_t { whole_answer, status_line };
  Needs needs = Needs::whole_answer;
};

struct HttpResponse {
  int status = 0;
  std::string body;  ///< at most kMostBody bytes; more are read and thrown away
  /// Parsed from Retry-After: seconds, or the date's distance from now; at most a day.
  std::optional<std::chrono::seconds> retry_after;
  /// "host:port" of the proxy that has passed this on, or says it itself; empty: there is none, or
  /// it only passes bytes on (https).
  std::string proxy{};

  static constexpr std::size_t kMostBody = std::size_t{64} * 1024;
};

/// The seam that tests replace.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Any status is an answer. unreachable: no connection, or it broke before the answer was
  /// complete, or a proxy refuses it; login_refused: a proxy, with the user in its URL; timed_out:
  /// connect limit or deadline; denied: the certificate was not accepted; malformed: no HTTP;
  /// invalid_config: the URL is not one of http or https; exhausted: curl is missing here. Errors
  /// name the proxy that was used, and never hold the URL's path, query or user. Redirects are not
  /// followed.
  virtual awaitable<Result<HttpResponse>> fetch(HttpRequest request, Deadline deadline) = 0;
};

/// Keeps connections alive and uses HTTP/1.1. A kept connection on which something came that nobody
/// had asked for is not used again. Cancelling fetch() aborts the transfer and throws. Outlives its
/// fetches; the loop outlives it.
class HttpClient final : public HttpTransport {
 public:
  explicit HttpClient(Executor executor);
  ~HttpClient() override;
  awaitable<Result<HttpResponse>> fetch(HttpRequest request, Deadline deadline) override;

 private:
  class Engine;
  Executor executor_;
  std::unique_ptr<Engine> engine_;  ///< null until the first fetch: a thread, and curl's library
};

}  // namespace tocsin::net
