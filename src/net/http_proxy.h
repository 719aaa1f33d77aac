// The HTTP proxy that requests take.
#pragma once

#include <optional>
#include <string>

namespace tocsin::net {

struct HttpProxy {
  /// "http://user:password@host:port"; "": none. Nothing: as the environment says (https_proxy,
  /// http_proxy in lower case only, all_proxy, no_proxy).
  std::optional<std::string> url{};
  /// Hosts that are reached directly, as in no_proxy: "localhost,.example.com,10.0.0.0/8", "*":
  /// all. Nothing: as the environment says.
  std::optional<std::string> bypass{};
};

}  // namespace tocsin::net
