#include "web/http.h"

#include <algorithm>
#include <cctype>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tocsin::web {
namespace {

namespace http = boost::beast::http;

std::string_view reason_of(int status) {
  return http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
}

std::string in_lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Response answer_to(const boost::system::error_code& error) {
  if (error == http::error::header_limit)
    return problem(431, "the header of the request is too large");
  if (error == http::error::body_limit) return problem(413, "the body of the request is too large");
  if (error == http::error::bad_version) return problem(505, "this is no request in HTTP/1.1");
  return problem(400, "this is no valid HTTP request");
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

Response problem(int status, std::string_view detail, std::string_view login) {
  nlohmann::ordered_json body{{"title", reason_of(status)}, {"status", status}, {"detail", detail}};
  if (!login.empty()) body["login"] = login;
  return {.status = status,
          .type = "application/problem+json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

struct RequestReader::Parser : http::request_parser<http::string_body> {
  Parser() {
    header_limit(kMostHeader);
    body_limit(kMostBody);
    eager(true);
  }
};

RequestReader::RequestReader() : parser_(std::make_unique<Parser>()) {}
RequestReader::~RequestReader() = default;

std::expected<std::optional<Request>, Response> RequestReader::next() {
  while (!waiting_.empty()) {
    boost::system::error_code error;
    const auto used = parser_->put(boost::asio::buffer(waiting_), error);
    waiting_.erase(0, used);
    is_begun_ |= used > 0;
    if (error && error != http::error::need_more) return std::unexpected(answer_to(error));
    if (parser_->is_header_done()) {
      const auto& header = parser_->get();
      // Two ways to say where a body ends are one too many: whoever stands in between may take the
      // other one (RFC 9112, 11.2).
      if (header.find(http::field::transfer_encoding) != header.end())
        return std::unexpected(problem(411, "send the body with a Content-Length"));
      if (header.find(http::field::expect) != header.end())
        return std::unexpected(problem(417, "send the body at once, without Expect"));
    }
    if (parser_->is_done()) {
      auto request = take();
      if (!request) return std::unexpected(std::move(request).error());
      return *std::move(request);
    }
    if (used == 0 || error == http::error::need_more) break;
  }
  // Where a header has not ended, the parser leaves its bytes here.
  if (waiting_.size() > kMostHeader)
    return std::unexpected(problem(431, "the header of the request is too large"));
  return std::nullopt;
}

std::expected<Request, Response> RequestReader::take() {
  auto message = parser_->release();
  parser_ = std::make_unique<Parser>();
  is_begun_ = false;
  Request request;
  const auto method = parse_word<Method>(std::string_view(message.method_string()));
  if (!method) {
    auto answer = problem(405, "there is nothing that takes this method");
    answer.headers.emplace_back("Allow", "GET, HEAD, POST, PATCH, DELETE");
    return std::unexpected(std::move(answer));
  }
  request.method = *method;
  auto target = parse_target(std::string_view(message.target()));
  if (!target) return std::unexpected(problem(400, "this is no valid path or query"));
  request.target = *std::move(target);
  if (message.count(http::field::host) != 1)
    return std::unexpected(problem(400, "the request must name one host"));
  for (const auto& field : message)
    request.headers.emplace_back(in_lower_case(field.name_string()), field.value());
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  return request;
}

std::string head_of(const Response& response, std::optional<std::size_t> length, bool keep_alive) {
  auto head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.type.empty()) add("Content-Type", response.type);
  if (response.is_gzip) add("Content-Encoding", "gzip");
  if (length) add("Content-Length", fmt::format("{}", *length));
  for (const auto& [name, value] : response.headers) add(name, value);
  if (!keep_alive) add("Connection", "close");
  return head + "\r\n";
}

}  // namespace tocsin::web
