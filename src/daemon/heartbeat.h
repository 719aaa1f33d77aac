// Who watches the watcher: URLs that are asked for as long as tocsin does its work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/destinations/heartbeat.h"
#include "daemon/log.h"
#include "daemon/progress.h"
#include "logins/logins.h"
#include "net/async.h"
#include "net/http_client.h"
#include "net/task_scope.h"

namespace tocsin::daemon {

/// Asks for each URL every so often while checks, deliveries and the store make progress; the first
/// time after its pause, so that a program that dies at each start is not taken for one that works.
/// A destination or host that fails is no standstill, attempts are progress. Logs once when beats
/// stop or go on, and when a URL fails or works again. On the loop's thread only.
class Heartbeats {
 public:
  /// What outlives it.
  struct Deps {
    net::Executor executor;
    net::HttpTransport& http;
    logins::Logins& logins;
    const Log& log;
    std::string version;  ///< of tocsin, for User-Agent
    std::function<Work()> checks;
    std::function<Work()> deliveries;
    /// Whether the store has answered within some seconds.
    std::function<net::awaitable<bool>()> store_answers;
  };
  explicit Heartbeats(Deps deps) : deps_(std::move(deps)) {}

  /// These from now on. Those that stay the same go on in their rhythm only where all do.
  net::awaitable<void> set(std::vector<config::Heartbeat> heartbeats);
  net::awaitable<void> stop();

 private:
  net::awaitable<void> watch();
  net::awaitable<void> beat(const config::Heartbeat& heartbeat);
  /// Why it was not taken; nothing: it was.
  net::awaitable<std::optional<std::string>> send(const config::Heartbeat& heartbeat);
  void note_standstill(std::string what);

  Deps deps_;
  std::vector<config::Heartbeat> heartbeats_;
  std::string standstill_;                 ///< what does not go on; empty: all does
  std::unique_ptr<net::TaskScope> tasks_;  ///< null: there are none
};

}  // namespace tocsin::daemon
