// Which code answers which request, and what the asker must be allowed to.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/async.h"
#include "net/server_stream.h"
#include "web/access.h"
#include "web/http.h"
#include "web/passwords.h"

namespace tocsin::web {

/// What a handler is given; it outlives the handler's coroutine.
struct Call {
  const Request& request;
  Visitor visitor;
  std::vector<std::string> path;   ///< what stands in the place of each {name}, in their order
  const Access* access = nullptr;  ///< for those who say how to log in; never null in a handler

  [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const {
    return request.target.parameter(name);
  }
};

/// A response, or the head of one whose body is written bit by bit.
struct Answer {
  Answer(Response whole) : response(std::move(whole)) {}  // NOLINT(google-explicit-constructor)
  Response response;
  /// Writes the body until the client has gone; empty: the response has it.
  std::function<net::awaitable<void>(net::ServerStream&)> stream{};
};

using Handler = std::function<net::awaitable<Answer>(const Call&)>;

struct Route {
  Method method;
  std::string_view path;  ///< "/api/v1/hosts/{host}"
  Role role;              ///< what it needs
  Handler handler;
};

/// The only way to a handler: whoever is not admitted does not get through.
class Router {
 public:
  /// `passwords` outlives it.
  Router(Access access, Passwords& passwords, std::string base_path);

  void add(Route route) { routes_.push_back(std::move(route)); }
  /// `peer` is an address without a port.
  [[nodiscard]] net::awaitable<Answer> answer(const Request& request, std::string_view peer) const;

 private:
  struct Found;
  /// Whether it names the base path without the slash that relative links need.
  [[nodiscard]] bool lacks_slash(const Request& request) const;
  [[nodiscard]] Found find(const Request& request) const;

  Access access_;
  Passwords& passwords_;
  std::string base_path_;
  std::vector<std::string> base_;  ///< the same, between the slashes
  std::vector<Route> routes_;
};

}  // namespace tocsin::web
