// What all channels have in common whose message is one HTTP request.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "net/http_client.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/http_login.h"
#include "notify/http_policy.h"

namespace tocsin::notify {

/// Sends requests as all channels do: connecting within 5 seconds, with User-Agent, with whom to
/// trust, with the login, through the proxy.
class HttpSender {
 public:
  HttpSender(const ChannelDeps& deps, net::TlsOptions tls, const HttpLogin& login = {});

  /// `limit` holds beside the deadline.
  net::awaitable<Result<net::HttpResponse>> send(net::HttpRequest request, net::Deadline deadline,
                                                 std::chrono::milliseconds limit = kRequestLimit);
  /// Sends a delivery, with its id as Idempotency-Key.
  net::awaitable<Result<net::HttpResponse>> send(net::HttpRequest request, const DeliveryId& id,
                                                 net::Deadline deadline);

 private:
  net::TlsOptions tls_;
  net::HttpProxy proxy_;
  std::vector<std::pair<std::string, std::string>> headers_;
  net::HttpTransport& transport_;
};

class HttpChannel : public Channel {
 public:
  [[nodiscard]] const std::string& key() const final { return key_; }
  [[nodiscard]] const std::string& name() const final { return name_; }
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                 net::Deadline deadline) final;

 protected:
  struct Options {
    std::string key;
    std::string name;
    UrlSecrets secrets;  ///< all that is secret in a request: a server may say it back
    HttpTerms terms;
    net::TlsOptions tls;
    HttpLogin login{};  ///< needs a gate in the Destination
  };
  HttpChannel(Options options, const ChannelDeps& deps)
      : key_(std::move(options.key)),
        name_(std::move(options.name)),
        secrets_(std::move(options.secrets)),
        terms_(options.terms),
        sender_(deps, std::move(options.tls), options.login) {}

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
