// A client of pretend HTTP servers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "kit/http_imposter.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {

inline constexpr auto kHttpTooLong = std::chrono::seconds(20);  // only a broken test waits for it

/// From a server that takes the request and never answers.
inline Result<HttpResponse> fetch_in_vain(Loop& loop, HttpClient& client,
                                          const kit::HttpImposter& server, HttpRequest request) {
  kit::VirtualTime time;
  std::optional<Result<HttpResponse>> answer;
  TaskScope scope(loop.executor());
  scope.spawn([](HttpClient& of, HttpRequest what,
                 std::optional<Result<HttpResponse>>& out) -> awaitable<void> {
    out = co_await of.fetch(std::move(what), within(std::chrono::seconds(10)));
  }(client, std::move(request), answer));
  loop.run_until_done(kit::let_others_run());
  EXPECT_TRUE(server.wait_for(1));
  loop.run_until_done(scope.join());
  return std::move(answer).value();
}

class HttpClientTest : public ::testing::Test {
 protected:
  Result<HttpResponse> fetch(HttpRequest request) {
    return loop_.run_until_done(client_.fetch(std::move(request), within(kHttpTooLong)));
  }
  Result<HttpResponse> get(const std::string& url) { return fetch({.method = "GET", .url = url}); }

  Loop loop_;
  HttpClient client_{loop_.executor()};
};

}  // namespace tocsin::net
