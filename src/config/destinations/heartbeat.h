// The URLs of those who watch tocsin.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

class Section;

struct Heartbeat {
  std::string url;  ///< a secret: it holds a token, as a rule
  Duration every = std::chrono::minutes(1);
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
  HttpProxy proxy{};

  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

/// `heartbeat`, as a list. A section of that name is Butler's own: it stays unused. `proxy` is that
/// of all destinations.
void read_heartbeats(Section& root, const HttpProxy& proxy, std::vector<Heartbeat>& heartbeats);

}  // namespace tocsin::config
