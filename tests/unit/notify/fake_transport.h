// A transport that keeps the requests and answers from a script.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "net/http_client.h"
#include "net/loop.h"
#include "notify/channel_deps.h"

namespace tocsin::notify {

class FakeTransport final : public net::HttpTransport {
 public:
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest request,
                                                  net::Deadline deadline) override {
    seen = std::move(request);
    ++asked;
    left = std::chrono::ceil<std::chrono::seconds>(deadline - net::MonotonicClock::now());
    co_return response;
  }

  /// For channels that are asked on `loop`.
  ChannelDeps deps() {
    return {.executor = loop.executor(),
            .http = *this,
            .version = "1.2.3",
            .messages = messages,
            .logins = logins,
            .clock = clock};
  }

  net::Loop loop;
  ManualClock clock{std::chrono::floor<Duration>(std::chrono::system_clock::now())};
  Messages messages;
  logins::Logins logins{{.executor = loop.executor(), .clock = clock, .random = {}}};
  net::HttpRequest seen;
  std::size_t asked = 0;
  std::chrono::seconds left{};
  Result<net::HttpResponse> response = net::HttpResponse{.status = 200};
};

}  // namespace tocsin::notify
