// The place that knows every way to look at a host.
#pragma once

#include <memory>

#include "base/random.h"
#include "config/config.h"
#include "net/tcp.h"
#include "net/worker.h"
#include "probe/probe.h"
#include "probe/scm/system.h"

namespace tocsin::daemon {

/// How hosts are asked that do not say: through the machine's own service control manager, where it
/// has one.
[[nodiscard]] config::Source default_source();

/// What the probes of all hosts share.
class Probes {
 public:
  Probes(const net::Executor& executor, RandomFill random, const Clock& clock);

  /// The probe for the host's `source`. `host` and this must outlive it.
  std::unique_ptr<probe::Probe> make(const config::Host& host);

  /// Threads that hang in a call to a host, which has not answered in time.
  [[nodiscard]] std::size_t stuck_threads() const { return threads_.stuck(); }

 private:
  net::Connector connector_;
  net::Worker threads_;
  std::shared_ptr<probe::scm::System> system_ = probe::scm::this_system();
  RandomFill random_;
  const Clock& clock_;
};

}  // namespace tocsin::daemon
