#include "notify/http_channel.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tocsin::notify {

HttpChannel::HttpChannel(std::string key, std::string name, UrlSecrets secrets, net::TlsOptions tls,
                         const ChannelDeps& deps, LogsIn logs_in)
    : key_(std::move(key)),
      name_(std::move(name)),
      secrets_(std::move(secrets)),
      tls_(std::move(tls)),
      user_agent_("tocsin/" + deps.version),
      logs_in_(logs_in),
      transport_(deps.http) {}

net::awaitable<Answer> HttpChannel::deliver(const Alert& alert, const DeliveryId& id,
                                            net::Deadline deadline) {
  auto request = request_for(alert);
  request.headers.emplace_back("User-Agent", user_agent_);
  request.headers.emplace_back("Idempotency-Key", id.value);
  request.tls = tls_;
  const auto response =
      co_await transport_.fetch(std::move(request), std::min(deadline, net::within(kRequestLimit)));
  co_return answer_to(response);
}

Answer HttpChannel::answer_to(const Result<net::HttpResponse>& response) const {
  return judge(response, secrets_, logs_in_);
}

net::HttpRequest post_json(std::string url, std::string body) {
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

}  // namespace tocsin::notify
