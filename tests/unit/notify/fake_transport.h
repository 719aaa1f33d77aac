// A transport that keeps the requests and answers what it is told to.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "net/http_client.h"
#include "net/loop.h"
#include "notify/means.h"

namespace tocsin::notify {

class FakeTransport final : public net::HttpTransport {
 public:
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest request,
                                                  net::Deadline deadline) override {
    seen = std::move(request);
    left = std::chrono::ceil<std::chrono::seconds>(deadline - std::chrono::steady_clock::now());
    co_return response;
  }

  /// For channels that are asked on `loop`.
  Means means() {
    return {.executor = loop.executor(), .http = *this, .version = "1.2.3", .messages = messages};
  }

  net::Loop loop;
  Messages messages;
  net::HttpRequest seen;
  std::chrono::seconds left{};
  Result<net::HttpResponse> response = net::HttpResponse{.status = 200};
};

}  // namespace tocsin::notify
