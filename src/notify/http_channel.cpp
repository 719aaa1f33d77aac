#include "notify/http_channel.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin::notify {

HttpSender::HttpSender(const ChannelDeps& deps, net::TlsOptions tls, const HttpLogin& login)
    : tls_(std::move(tls)),
      proxy_(deps.proxy),
      headers_{{"User-Agent", "tocsin/" + deps.version}},
      transport_(deps.http) {
  if (!login.is_none()) headers_.emplace_back("Authorization", login.authorization());
}

net::awaitable<Result<net::HttpResponse>> HttpSender::send(net::HttpRequest request,
                                                           net::Deadline deadline,
                                                           std::chrono::milliseconds limit) {
  request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
  request.tls = tls_;
  request.proxy = proxy_;
  co_return co_await transport_.fetch(std::move(request), std::min(deadline, net::within(limit)));
}

net::awaitable<Result<net::HttpResponse>> HttpSender::send(net::HttpRequest request,
                                                           const DeliveryId& id,
                                                           net::Deadline deadline) {
  request.headers.emplace_back("Idempotency-Key", id.value);
  co_return co_await send(std::move(request), deadline);
}

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
