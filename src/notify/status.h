// The status stream: every observed state, for destinations that draw it (InfluxDB, MQTT).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "domain/service.h"
#include "net/async.h"
#include "notify/answer.h"
#include "notify/login.h"

namespace tocsin::notify {

struct ServiceReport {
  ServiceName name;           ///< as configured or, for patterns, as the host spells it
  std::string friendly_name;  ///< empty: the display name serves
  ServiceState state{};
  /// Null when they were never read.
  std::shared_ptr<const ServiceDetails> details;
};

/// What one check of a host, or one pushed change, brought. Of a host that was not reached: every
/// service that is watched there, as unknown.
struct StatusReport {
  HostName host;
  Time at{};
  std::vector<ServiceReport> services;
};

/// The form of reports for a destination, and what its answers mean. Waiting, bounds and retries
/// are the pipeline's (status_stream.h).
class StatusSink {
 public:
  struct Written {
    Answer answer;
    /// How many services' reports of a delivered batch the destination refused for good.
    std::size_t refused = 0;
  };

  virtual ~StatusSink() = default;
  /// For people, and the name in metrics: "InfluxDB".
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual Login login() const { return {}; }
  /// Writes all reports, oldest first, or none as far as it can be known: what is answered with
  /// RetryAfter or LoginRefused is written again. Never throws but for cancellation; reasons hold
  /// no secret.
  virtual net::awaitable<Written> write(std::span<const StatusReport> reports,
                                        net::Deadline deadline) = 0;
  /// Finds out whether write() would work, and leaves nothing that a dashboard shows.
  virtual net::awaitable<Answer> test(net::Deadline deadline) = 0;
};

}  // namespace tocsin::notify
