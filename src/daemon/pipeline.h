// Routes, destinations and lanes: everything that follows from the configuration of destinations,
// and is made anew when that is read again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/delivery_log.h"
#include "daemon/journal.h"
#include "daemon/metrics.h"
#include "daemon/status_hub.h"
#include "daemon/status_log.h"
#include "logins/logins.h"
#include "net/http_client.h"
#include "net/semaphore.h"
#include "net/task_scope.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "notify/outbox.h"
#include "notify/status_stream.h"

namespace tocsin::daemon {

/// On the loop's thread only.
class Pipeline {
 public:
  /// What outlives it.
  struct Deps {
    net::Executor executor;
    net::HttpTransport& http;
    logins::Logins& logins;
    notify::Outbox& outbox;
    StatusHub& status;
    StatusLog& status_log;
    Metrics& metrics;
    const Clock& clock;
    const Log& log;
    RandomFill random;
    std::string version;
    /// Why an escalation of the alert is not sent now (daemon/withheld.h).
    std::function<std::optional<Suppression>(const Alert&, Time)> withheld;
    /// As DeliveryLog's.
    std::function<void()> on_settled = {};
  };
  /// Uses all of the configuration except its hosts.
  Pipeline(config::Config config, const Deps& deps);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Begins with what earlier runs left in the outbox.
  void start();
  /// As Dispatcher::stop(), when no test is under way; states that wait are sent as far as two
  /// seconds allow.
  net::awaitable<std::vector<store::Delivery>> stop();

  [[nodiscard]] std::size_t size() const { return destinations_.alerts.size() + streams_.size(); }
  [[nodiscard]] std::span<const notify::Destination> destinations() const {
    return destinations_.alerts;
  }
  [[nodiscard]] const notify::Routing& routing() const { return destinations_.routing; }
  /// One attempt to send a test alert, past the queue. Nothing: there is no such destination.
  net::awaitable<std::optional<notify::Answer>> test(std::string key);
  [[nodiscard]] Journal::PipelineRefs pipeline() {
    return {dispatcher_, destinations_.alerts, destinations_.routing};
  }

 private:
  // In the order in which they need each other.
  const config::Config config_;
  const Log& log_;
  const Clock& clock_;
  RandomFill random_;
  StatusHub& status_;
  net::Executor executor_;
  notify::Messages messages_;
  notify::ChannelDeps channel_deps_;
  notify::Destinations destinations_;
  DeliveryLog delivery_log_;
  notify::Dispatcher dispatcher_;
  std::vector<std::unique_ptr<notify::StatusStream>> streams_;
  net::TaskScope running_;
  net::TaskScope background_;
  net::Semaphore testing_;
};

}  // namespace tocsin::daemon
