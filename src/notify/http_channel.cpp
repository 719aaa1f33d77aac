#include "notify/http_channel.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin::notify {

net::awaitable<Result<net::HttpResponse>> HttpSender::send(net::HttpRequest request,
                                                           const DeliveryId& id,
                                                           net::Deadline deadline) {
  request.headers.emplace_back("User-Agent", user_agent_);
  request.headers.emplace_back("Idempotency-Key", id.value);
  request.tls = tls_;
  request.proxy = proxy_;
  co_return co_await transport_.fetch(std::move(request),
                                      std::min(deadline, net::within(kRequestLimit)));
}

HttpChannel::HttpChannel(std::string key, std::string name, UrlSecrets secrets, net::TlsOptions tls,
                         const ChannelDeps& deps, HttpTerms terms)
    : key_(std::move(key)),
      name_(std::move(name)),
      secrets_(std::move(secrets)),
      terms_(terms),
      sender_(deps, std::move(tls)) {}

net::awaitable<Answer> HttpChannel::deliver(const Alert& alert, const DeliveryId& id,
                                            net::Deadline deadline) {
  co_return answer_to(co_await sender_.send(request_for(alert), id, deadline));
}

Answer HttpChannel::answer_to(const Result<net::HttpResponse>& response) const {
  return judge(response, secrets_, terms_);
}

net::HttpRequest post_json(std::string url, std::string body) {
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

}  // namespace tocsin::notify
