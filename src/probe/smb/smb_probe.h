// Looks at a host through svcctl over SMB, the way `sc.exe \\host` does.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "config/monitored/host.h"
#include "logins/gate.h"
#include "net/tcp.h"
#include "probe/details_cache.h"
#include "probe/probe.h"

namespace tocsin::kerberos {
class Tickets;
}

namespace tocsin::probe {

struct SmbProbeOptions {
  std::chrono::milliseconds connect_limit = std::chrono::seconds(5);  ///< TCP, not the name
  std::chrono::milliseconds login_limit = std::chrono::seconds(10);   ///< up to the open manager
  std::chrono::milliseconds call_limit = std::chrono::seconds(10);    ///< one call, however long
  /// The question by which a boot is recognised; the states wait for its answer.
  std::chrono::milliseconds boot_question_limit = std::chrono::seconds(2);
  DetailsLimits details{};
  /// What the host says of a service that its list lacks is asked for again when it is older.
  std::chrono::milliseconds absent_age = std::chrono::minutes(10);
  /// Up to so many watched services are asked one by one (opened, asked and closed: three requests
  /// each), more through the host's whole list. For a host of 250 services bench/probe_bench
  /// measured 0.028 ms of CPU for each service and 0.10 ms for the list: equal between 3 and 4. The
  /// list comes in 8 fragments of 4 KB, each a round trip of its own like each request: over a slow
  /// network equal at 3 too.
  std::size_t most_single_queries = 3;
  /// This machine's name. Logins give its first label as the workstation: accounts with a "Log On
  /// To" list need it, and the host's events 4624, 4625 and 4776 show it. May be empty.
  std::string own_host_name{};
  /// The KDC's share of a login; what is left of it is for NTLM.
  std::chrono::milliseconds kerberos_limit = std::chrono::seconds(5);
  /// Outlives the probe; null: NTLM only.
  kerberos::Tickets* tickets = nullptr;
  /// Lets the account of the host log in, and outlives the probe; null: refusals are not counted.
  logins::Gate* gate = nullptr;
};

/// `host`, `connector` and `clock` must outlive it.
[[nodiscard]] std::unique_ptr<Probe> make_smb_probe(const config::Host& host,
                                                    SmbProbeOptions options,
                                                    net::Connector& connector, RandomFill random,
                                                    const Clock& clock);

}  // namespace tocsin::probe
