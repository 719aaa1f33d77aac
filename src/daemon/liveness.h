// Whether tocsin does its work, for those who watch it: heartbeats and the supervisor.
#pragma once

#include <functional>
#include <string>

#include "daemon/log.h"
#include "daemon/progress.h"
#include "net/async.h"

namespace tocsin::daemon {

/// A destination or host that fails is no standstill: attempts are progress. Logs once when work
/// stands still, and when it goes on. On the loop's thread only.
class Liveness {
 public:
  /// What outlives it.
  struct Deps {
    const Log& log;
    std::function<Work()> checks;
    std::function<Work()> deliveries;
    /// Whether the store has answered within some seconds.
    std::function<net::awaitable<bool>()> store_answers;
  };
  explicit Liveness(Deps deps) : deps_(std::move(deps)) {}

  /// Looks every few seconds, until it is cancelled.
  net::awaitable<void> watch();
  /// Whether checks, deliveries and the store make progress.
  [[nodiscard]] bool goes_on() const { return standstill_.empty(); }
  /// Whether the program itself stands still. A disk that hangs does so after a restart as well,
  /// which would only lose what memory holds.
  [[nodiscard]] bool wants_restart() const { return !goes_on() && restart_helps_; }

 private:
  void note(std::string standstill, bool restart_helps);

  Deps deps_;
  std::string standstill_;  ///< what does not go on; empty: all does
  bool restart_helps_ = false;
};

}  // namespace tocsin::daemon
