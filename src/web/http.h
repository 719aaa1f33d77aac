// HTTP/1.1 as a server speaks it (RFC 9112): bytes to requests, responses to bytes. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/words.h"
#include "web/target.h"

namespace tocsin::web {

/// All that any of our resources has. HEAD is answered like GET, without the body.
enum class Method : std::uint8_t { get, head, post, patch, remove };

consteval auto table_of(Method) {
  using enum Method;
  return std::array{Word{get, "GET"}, Word{head, "HEAD"}, Word{post, "POST"}, Word{patch, "PATCH"},
                    Word{remove, "DELETE"}};
}

struct Request {
  Method method = Method::get;
  Target target;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  bool keep_alive = true;

  /// `name` in lower case; nothing: there is none. Of several the first.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string_view type = "application/json";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers = {};
  bool is_gzip = false;  ///< what `body` is
};

/// "application/problem+json" (RFC 9457). `detail` is a sentence for a person; `login` the path
/// where they can log in, if there is one.
[[nodiscard]] Response problem(int status, std::string_view detail, std::string_view login = {});

/// What a request may have at most, in bytes.
inline constexpr std::size_t kMostHeader = std::size_t{16} * 1024;
inline constexpr std::size_t kMostBody = std::size_t{64} * 1024;

/// Reads the requests of one connection, one after the other.
class RequestReader {
 public:
  RequestReader();
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes bytes as they come.
  void add(std::string_view bytes) { waiting_ += bytes; }
  /// The next request; nothing: more bytes are needed. An error is what to answer before the
  /// connection is closed: 400, 405, 411, 413, 417, 431, 505. After one nothing more is read.
  [[nodiscard]] std::expected<std::optional<Request>, Response> next();
  /// Whether nothing of a next request has come.
  [[nodiscard]] bool is_idle() const { return waiting_.empty() && !is_begun_; }

 private:
  struct Parser;
  [[nodiscard]] std::expected<Request, Response> take();

  std::string waiting_;
  bool is_begun_ = false;
  std::unique_ptr<Parser> parser_;
};

/// Status line and headers, the empty line included. `length` is that of the body; nothing: the
/// body ends with the connection.
[[nodiscard]] std::string head_of(const Response& response, std::optional<std::size_t> length,
                                  bool keep_alive);

}  // namespace tocsin::web
