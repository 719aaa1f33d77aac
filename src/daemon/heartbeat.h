// Who watches the watcher: URLs that are asked for as long as tocsin does its work.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/destinations/heartbeat.h"
#include "daemon/liveness.h"
#include "daemon/log.h"
#include "logins/logins.h"
#include "net/async.h"
#include "net/http_client.h"
#include "net/task_scope.h"

namespace tocsin::daemon {

/// Asks for each URL every so often while work goes on; the first time after its pause, so that a
/// program that dies at each start is not taken for one that works. Logs once when a URL fails or
/// works again. On the loop's thread only.
class Heartbeats {
 public:
  /// What outlives it.
  struct Deps {
    net::Executor executor;
    net::HttpTransport& http;
    logins::Logins& logins;
    const Log& log;
    std::string version;  ///< of tocsin, for User-Agent
    const Liveness& liveness;
  };
  explicit Heartbeats(Deps deps) : deps_(std::move(deps)) {}

  /// These from now on. Those that stay the same go on in their rhythm only where all do.
  net::awaitable<void> set(std::vector<config::Heartbeat> heartbeats);
  net::awaitable<void> stop();

 private:
  net::awaitable<void> beat(const config::Heartbeat& heartbeat);
  /// Why it was not taken; nothing: it was.
  net::awaitable<std::optional<std::string>> send(const config::Heartbeat& heartbeat);

  Deps deps_;
  std::vector<config::Heartbeat> heartbeats_;
  std::unique_ptr<net::TaskScope> tasks_;  ///< null: there are none
};

}  // namespace tocsin::daemon
