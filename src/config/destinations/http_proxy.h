// The HTTP proxy that requests to destinations take.
#pragma once

#include <optional>
#include <string>

namespace tocsin::config {

class Section;

/// As net::HttpProxy: what is not configured is left to the variables of the environment.
struct HttpProxy {
  std::optional<std::string> url;     ///< "http://user:password@host:port"; "": none
  std::optional<std::string> bypass;  ///< hosts that are reached directly, with commas between

  friend bool operator==(const HttpProxy&, const HttpProxy&) = default;
};

/// `proxy` and `noProxy` of all destinations.
void read_proxy(Section& section, HttpProxy& proxy);
/// The same of one: what it does not say is as for all, which `proxy` holds.
void read_own_proxy(Section& section, HttpProxy& proxy);

}  // namespace tocsin::config
