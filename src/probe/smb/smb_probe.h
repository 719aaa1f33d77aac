// Looks at a host through svcctl over SMB, the way `sc.exe \\host` does.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "logins/gate.h"
#include "net/tcp.h"
#include "probe/probe.h"

namespace tocsin::probe {

struct SmbProbeOptions {
  std::chrono::milliseconds connect_limit = std::chrono::seconds(5);  ///< TCP, not the name
  std::chrono::milliseconds login_limit = std::chrono::seconds(10);   ///< up to the open manager
  std::chrono::milliseconds call_limit = std::chrono::seconds(10);    ///< one call, however long
  std::chrono::milliseconds details_age = std::chrono::minutes(10);   ///< then read again
  /// One check reads no more details after so long; the next check goes on.
  std::chrono::milliseconds details_budget = std::chrono::seconds(2);
  /// Up to so many watched services are asked one by one, more through the host's whole list. For a
  /// host of 250 services bench/probe_bench measured 0.012 ms of CPU for each question and 0.11 ms
  /// for the list: equal at 9. The list comes in 8 fragments of 4 KB, each a round trip of its own
  /// like each question: over a slow network equal at 8. In bytes on the wire (0.5 KB a question,
  /// 36 KB the list, by the sizes of the messages) questions would be ahead up to 75.
  std::size_t most_single_queries = 8;
  /// This machine's name. Logins give its first label as the workstation: accounts with a "Log On
  /// To" list need it, and the host's events 4624, 4625 and 4776 show it. May be empty.
  std::string own_host_name{};
  /// Lets the account of the host log in, and outlives the probe; null: refusals are not counted.
  logins::Gate* gate = nullptr;
};

/// `host`, `connector` and `clock` must outlive it. Credentials: NTLMv2; Kerberos will be chosen
/// here.
[[nodiscard]] std::unique_ptr<Probe> make_smb_probe(const config::Host& host,
                                                    SmbProbeOptions options,
                                                    net::Connector& connector, RandomFill random,
                                                    const Clock& clock);

}  // namespace tocsin::probe
