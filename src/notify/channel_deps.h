// What channels are made with: everything that they share.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "logins/logins.h"
#include "net/async.h"
#include "net/http_client.h"
#include "notify/messages.h"

namespace tocsin::notify {

/// Whether the program runs until it is stopped, or a command only sends something, if anything.
enum class Use : bool { once, run };

struct ChannelDeps {
  net::Executor executor;
  net::HttpTransport& http;
  std::string version;  ///< of tocsin, for User-Agent
  Messages& messages;
  logins::Logins& logins;
  const Clock& clock;
  /// For channels whose configuration says nothing about certificates.
  net::TlsOptions tls{};
  net::HttpProxy proxy{};  ///< of the destination that is being made
  /// Takes what is to be said to whoever runs tocsin, and that no delivery says. Empty: nobody.
  std::function<void(const std::string&)> warn{};
  Use use = Use::once;  ///< `run`: connections that are to be kept begin when a channel is made
};

}  // namespace tocsin::notify
