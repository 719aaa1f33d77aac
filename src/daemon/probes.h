// The place that knows every kind of probe.
#pragma once

#include <cstddef>
#include <memory>

#include "base/random.h"
#include "config/monitored/host.h"
#include "kerberos/tickets.h"
#include "logins/logins.h"
#include "net/tcp.h"
#include "net/worker.h"
#include "probe/control.h"
#include "probe/probe.h"
#include "probe/scm/system.h"
#include "probe/smb/smb_probe.h"

namespace tocsin::daemon {

/// Whether this machine has a service control manager of its own.
[[nodiscard]] bool has_service_manager();

/// The host with the account that starts and stops its services.
[[nodiscard]] config::Host with_control_account(config::Host host);

/// What the probes of all hosts share.
class Probes {
 public:
  /// What outlives it.
  struct Deps {
    logins::Logins& logins;
    const Clock& clock;
    RandomFill random;
    /// So many hosts must refuse an account until no other is asked.
    std::size_t peers_to_suspect = logins::GuardOptions{}.peers_to_suspect;
  };
  Probes(const net::Executor& executor, Deps deps);

  /// The probe for the host's `source`. `host` and this must outlive it.
  std::unique_ptr<probe::Probe> make(const config::Host& host);

  /// What starts and stops the services of a host that has `control`, with the account of that.
  /// This must outlive it.
  std::unique_ptr<probe::Control> make_control(const config::Host& host);

  /// Threads that hang in a call to a host, which has not answered in time.
  [[nodiscard]] std::size_t stuck_threads() const {
    return threads_.stuck() + tickets_.stuck_threads();
  }

 private:
  [[nodiscard]] probe::SmbProbeOptions smb_options(const config::Host& host);

  net::Connector connector_;
  net::Worker threads_;
  kerberos::Tickets tickets_;
  std::shared_ptr<probe::scm::System> system_ = probe::scm::this_system();
  Deps deps_;
};

}  // namespace tocsin::daemon
