#include "web/router.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace tocsin::web {
namespace {

/// What stands in the place of the names; nothing: the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
  std::vector<std::string> values;
  std::size_t at = 0;
  for (const auto part : std::views::split(pattern.substr(1), '/')) {
    const std::string_view wanted(part.begin(), part.end());
    if (wanted.empty()) break;  // of "/"
    if (at == path.size()) return std::nullopt;
    const auto& given = path[at++];
    if (wanted.starts_with('{'))
      values.push_back(given);
    else if (wanted != given)
      return std::nullopt;
  }
  if (at != path.size()) return std::nullopt;
  return values;
}

}  // namespace

struct Router::Found {
  const Route* route = nullptr;
  std::vector<std::string> path;
  std::string allowed;  ///< methods of the path, where it has not the one that was asked for
};

Router::Router(Access access, Passwords& passwords, std::string base_path)
    : access_(std::move(access)),
      passwords_(passwords),
      base_path_(std::move(base_path)),
      base_(parse_target(base_path_ + "/").value_or(Target{}).path) {}

bool Router::lacks_slash(const Request& request) const {
  return !base_.empty() && request.target.path == base_ && !request.target.ends_with_slash;
}

Router::Found Router::find(const Request& request) const {
  auto path = request.target.path;
  if (std::ranges::mismatch(base_, path).in1 == base_.end())
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(base_.size()));
  Found found;
  const auto method = request.method == Method::head ? Method::get : request.method;
  for (const auto& route : routes_) {
    auto values = match(route.path, path);
    if (!values) continue;
    if (route.method == method) return {.route = &route, .path = *std::move(values), .allowed = {}};
    found.allowed.append(found.allowed.empty() ? "" : ", ").append(to_string(route.method));
  }
  return found;
}

net::awaitable<Answer> Router::answer(const Request& request, std::string_view peer) const {
  auto found = find(request);
  // What is not there is nobody's business either.
  const auto needed = found.route != nullptr ? found.route->role : Role::read;
  PasswordAnswer password;
  if (auto login = access_.password_to_check(request))
    password = co_await passwords_.check(*std::move(login), std::string(peer));
  auto visitor = access_.admit(request, peer, needed, password);
  if (!visitor) co_return std::move(visitor).error();
  if (lacks_slash(request)) {
    Response answer{.status = 308, .type = {}};
    answer.headers.emplace_back("Location", base_path_ + "/");
    co_return answer;
  }
  if (found.route == nullptr) {
    if (found.allowed.empty()) co_return problem(404, "there is nothing at this path");
    auto answer = problem(405, "this method does nothing here");
    answer.headers.emplace_back("Allow", std::move(found.allowed));
    co_return answer;
  }
  const Call call{.request = request,
                  .visitor = *std::move(visitor),
                  .path = std::move(found.path),
                  .access = &access_};
  co_return co_await found.route->handler(call);
}

}  // namespace tocsin::web
