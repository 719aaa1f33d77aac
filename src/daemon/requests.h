// Reads what people ask a running tocsin for, and answers.
#pragma once

#include <cstddef>
#include <functional>

#include "daemon/acks.h"
#include "daemon/log.h"
#include "daemon/silences.h"
#include "net/async.h"
#include "net/event.h"
#include "net/worker.h"
#include "store/requests.h"

namespace tocsin::daemon {

/// On the loop's thread only.
class Requests {
 public:
  /// What outlives it.
  struct Deps {
    store::Requests& stored;
    net::Worker& worker;  ///< the store's one thread
    Silences& silences;
    Acks& acks;
    Acks::FiringSince firing_since;
    const Clock& clock;
    const Log& log;
    std::function<net::awaitable<store::ReloadAnswer>()> reload;
    /// Some dead letters are to be sent again; answers how many were.
    std::function<net::awaitable<Result<std::size_t>>()> retry;
  };
  Requests(const net::Executor& executor, Deps deps) : deps_(std::move(deps)), asked_(executor) {}

  /// Loads what suppresses alerts: the silences that are active now, and acknowledgements.
  /// Blocking: before anything else runs.
  [[nodiscard]] Result<> read_suppressions();
  /// All that is asked for, every two seconds, until it is cancelled. While the store fails, what
  /// is known stays active.
  net::awaitable<void> run();
  /// Something was asked for: it is read at once.
  void take() { asked_.set(); }

 private:
  net::awaitable<Result<>> read();
  net::awaitable<Result<>> end_acks();
  net::awaitable<Result<>> retry_dead_letters();

  Deps deps_;
  net::Event asked_;
};

}  // namespace tocsin::daemon
