// First durable, then delivered: the one way by which what a check found leaves its host's task.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "net/async.h"
#include "net/event.h"
#include "net/semaphore.h"
#include "net/worker.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "store/store.h"

namespace tocsin::daemon {

/// Writes the commits of the hosts that wait at the same time in one transaction, then hands their
/// deliveries to the dispatcher. A storm takes several, so that sending begins with the first.
/// While the disk fails, deliveries go on from the dispatcher's memory, and the states and the
/// history are kept here (bounded) and stored when the disk works again, with the deliveries that
/// wait then. On the loop's thread only.
class Journal {
 public:
  struct Deps {
    store::Store& store;
    net::Worker& worker;  ///< the store's one thread
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    RandomFill random;
    /// Called when alerts were stored, or could not be; may be empty.
    std::function<void()> on_alerts = {};
  };
  /// Where deliveries go.
  struct PipelineRefs {
    std::reference_wrapper<notify::Dispatcher> dispatcher;
    std::span<const notify::Destination> destinations;
    std::reference_wrapper<const notify::Routing> routing;  ///< among these destinations
  };
  Journal(const net::Executor& executor, Deps deps, PipelineRefs pipeline);

  /// Returns when it is stored (or could not be) and the deliveries are on their way. Suppressed
  /// alerts are history only; one that goes on keeps the severity and the names with which it
  /// began. `log` is the log of whom the alerts are about.
  net::awaitable<void> commit(std::vector<store::StateChange> states,
                              std::optional<store::HostChange> host, std::vector<Alert> alerts,
                              PrefixedLog log);
  /// Does the writing, until it is cancelled. A crash loses what commit() has not returned for.
  net::awaitable<void> run();
  /// Nothing is written or delivered until this is given back: the time to change the pipeline.
  net::awaitable<net::Semaphore::Slot> pause() { return writing_.acquire(); }
  void set_pipeline(PipelineRefs pipeline) { pipeline_ = pipeline; }
  /// At the end, after run(): stores what is kept or waits, and these deliveries, which only memory
  /// holds.
  net::awaitable<void> store_rest(std::vector<store::Delivery> deliveries);

 private:
  struct Entry;
  net::awaitable<void> keep_identity(std::vector<Alert>& alerts) const;
  /// About so many rows of them, at least one commit.
  net::awaitable<void> write_waiting(std::size_t rows);
  /// The first of those that wait, up to about so many rows, each alert in them addressed.
  [[nodiscard]] std::vector<std::shared_ptr<Entry>> take_waiting(std::size_t rows);
  void keep(std::vector<store::Commit> commits, const Error& error);
  /// Those that were begun while the store failed: a crash would lose them.
  net::awaitable<void> store_deliveries();

  net::Executor executor_;
  Deps deps_;
  PipelineRefs pipeline_;
  net::Semaphore writing_;
  net::Event work_;
  std::deque<std::shared_ptr<Entry>> waiting_;
  std::vector<store::Commit> unsaved_;
  bool failing_ = false;
};

}  // namespace tocsin::daemon
