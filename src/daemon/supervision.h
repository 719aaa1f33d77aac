// What the supervisor of this program (platform/supervisor.h) is told while it runs.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "daemon/liveness.h"
#include "daemon/log.h"
#include "net/async.h"
#include "platform/supervisor.h"

namespace tocsin::daemon {

/// The first failure is logged, once. On the loop's thread only.
class Supervision {
 public:
  /// What outlives it.
  struct Deps {
    const platform::Supervisor& supervisor;
    const Log& log;
    const Liveness& liveness;
    std::function<std::string()> status;  ///< what is watched, in a line
  };
  explicit Supervision(Deps deps) : deps_(std::move(deps)) {}

  void ready() { note(deps_.supervisor.ready()); }
  /// A reload is under way as long as this lives.
  class Reload {
   public:
    explicit Reload(Supervision& told) : told_(told) {
      told.note(told.deps_.supervisor.reloading());
    }
    ~Reload() { told_.ready(); }
    Reload(const Reload&) = delete;
    Reload& operator=(const Reload&) = delete;

   private:
    Supervision& told_;
  };
  void stopping() { note(deps_.supervisor.stopping()); }
  /// Tells the status when it has changed and, while work goes on, that it does; until it is
  /// cancelled, or at once where there is no supervisor.
  net::awaitable<void> run();

 private:
  void note(const Result<>& told);

  Deps deps_;
  bool failing_ = false;
};

}  // namespace tocsin::daemon
