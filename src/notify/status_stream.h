// Hands reports to one sink: batched, bounded, retried; the oldest are lost first, and counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/random.h"
#include "net/async.h"
#include "net/event.h"
#include "notify/login.h"
#include "notify/status.h"

namespace tocsin::notify {

/// Observes how the stream fares. Called on the loop; must not throw.
class StatusObserver {
 public:
  virtual ~StatusObserver() = default;
  /// The sink has taken so many services' reports in one batch.
  virtual void written(const StatusSink& sink, std::size_t services,
                       std::chrono::milliseconds took) = 0;
  /// So many services' reports are lost: refused by the destination, or more than fit into memory.
  virtual void lost(const StatusSink& sink, std::size_t services, const std::string& why) = 0;
  /// The sink does not take reports now; reported once until recovered().
  virtual void failing(const StatusSink& sink, const std::string& why) = 0;
  virtual void recovered(const StatusSink& sink) = 0;
  /// A batch was not written, and is written again later: at each failure.
  virtual void postponed(const StatusSink& /*sink*/, const std::string& /*why*/) {}
};

struct StatusStreamOptions {
  /// At most so many services' reports wait: about an hour of 100 services each 30 seconds, or
  /// what 10,000 services report in one round; some tens of megabytes.
  std::size_t most_waiting = 50'000;
  /// At most so many services' reports in one write, but for those of one single host.
  std::size_t most_in_batch = 10'000;
  /// After the first report of a batch, so that the reports of many hosts go together.
  std::chrono::milliseconds gather = std::chrono::milliseconds(500);
  Backoff backoff{.first = std::chrono::seconds(1), .longest = std::chrono::minutes(1)};
};

/// On the loop's thread only. Nothing is kept over a restart: the next check brings the states
/// again.
class StatusStream {
 public:
  /// What is passed by reference outlives it.
  StatusStream(net::Executor executor, StatusSink& sink, StatusObserver& observer,
               RandomFill random, StatusStreamOptions options = {});

  void add(const StatusReport& report);
  /// Writes what comes, until it is cancelled.
  net::awaitable<void> run();
  /// Tries once to write what is left, after run() has ended.
  net::awaitable<void> flush(net::Deadline deadline);

 private:
  net::awaitable<bool> write_batch(net::Deadline deadline);
  net::awaitable<Result<std::optional<logins::Pass>>> enter(net::Deadline deadline);
  net::awaitable<void> pause();
  void note_failure(const std::string& why);
  void take_batch();
  void lose(std::size_t services, const std::string& why);
  [[nodiscard]] std::chrono::milliseconds next_wait();

  StatusSink& sink_;
  StatusObserver& observer_;
  RandomFill random_;
  StatusStreamOptions options_;
  std::optional<Opening> opening_;  ///< of a sink that logs in
  net::Event more_;
  std::deque<StatusReport> waiting_;
  std::size_t services_waiting_ = 0;
  std::vector<StatusReport> batch_;         ///< being written, and older than those that wait
  unsigned failures_ = 0;                   ///< in a row
  std::chrono::milliseconds asked_wait_{};  ///< the destination's Retry-After
  bool failing_ = false;
};

}  // namespace tocsin::notify
