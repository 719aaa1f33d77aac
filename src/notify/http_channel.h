// What all channels have in common whose message is one HTTP request.
#pragma once

#include <string>
#include <utility>

#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// Sends requests as all channels do: ending within 10 seconds, connecting within 5, with
/// User-Agent and Idempotency-Key (the id), and with whom to trust, through the proxy.
class HttpSender {
 public:
  explicit HttpSender(const ChannelDeps& deps) : HttpSender(deps, deps.tls) {}
  HttpSender(const ChannelDeps& deps, net::TlsOptions tls)
      : tls_(std::move(tls)),
        proxy_(deps.proxy),
        user_agent_("tocsin/" + deps.version),
        transport_(deps.http) {}

  net::awaitable<Result<net::HttpResponse>> send(net::HttpRequest request, const DeliveryId& id,
                                                 net::Deadline deadline);

 private:
  net::TlsOptions tls_;
  net::HttpProxy proxy_;
  std::string user_agent_;
  net::HttpTransport& transport_;
};

class HttpChannel : public Channel {
 public:
  [[nodiscard]] const std::string& key() const final { return key_; }
  [[nodiscard]] const std::string& name() const final { return name_; }
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) final;

 protected:
  /// `secrets` must know all that is secret in a request: a server may say it back. Whoever logs in
  /// needs a gate in its Destination.
  HttpChannel(std::string key, std::string name, UrlSecrets secrets, net::TlsOptions tls,
              const ChannelDeps& deps, HttpTerms terms);

  [[nodiscard]] virtual net::HttpRequest request_for(const Alert& alert) const = 0;
  /// Where status codes do not say it all; by default judge() does.
  [[nodiscard]] virtual Answer answer_to(const Result<net::HttpResponse>& response) const;

 private:
  std::string key_;
  std::string name_;
  UrlSecrets secrets_;
  HttpTerms terms_;
  HttpSender sender_;
};

/// A POST of JSON.
[[nodiscard]] net::HttpRequest post_json(std::string url, std::string body);

}  // namespace tocsin::notify
