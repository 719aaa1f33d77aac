// What channels are made with: everything that they share.
#pragma once

#include <string>

#include "net/async.h"
#include "net/http_client.h"
#include "notify/messages.h"

namespace tocsin::notify {

struct Means {
  net::Executor executor;
  net::HttpTransport& http;
  std::string version;  ///< of tocsin, for User-Agent
  Messages& messages;
  /// For channels whose configuration says nothing about certificates.
  net::TlsOptions tls{};
};

}  // namespace tocsin::notify
