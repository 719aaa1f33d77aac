// The HTTP proxy that requests to destinations take.
#pragma once

#include <optional>
#include <string>

namespace tocsin::config {

/// As net::HttpProxy: what is not configured is left to the variables of the environment.
struct HttpProxy {
  std::optional<std::string> url;     ///< "http://user:password@host:port"; "": none
  std::optional<std::string> bypass;  ///< hosts that are reached directly, with commas between

  friend bool operator==(const HttpProxy&, const HttpProxy&) = default;
};

}  // namespace tocsin::config
