// Looks at a host through svcctl over SMB, the way `sc.exe \\host` does.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "net/tcp.h"
#include "probe/probe.h"

namespace tocsin::probe {

struct SmbProbeOptions {
  std::chrono::milliseconds connect_limit = std::chrono::seconds(5);  ///< name and TCP
  std::chrono::milliseconds login_limit = std::chrono::seconds(10);   ///< up to the open manager
  std::chrono::milliseconds call_limit = std::chrono::seconds(10);    ///< one call, however long
  std::chrono::milliseconds details_age = std::chrono::minutes(10);   ///< then read again
  /// In one check no more details are asked for after so long; the next check goes on.
  std::chrono::milliseconds details_budget = std::chrono::seconds(2);
  /// Up to so many watched services are asked one by one, more through the host's whole list. The
  /// list of a usual host (250 services) takes 9 round trips of 4 KB, a service takes one of 200
  /// bytes.
  std::size_t most_single_queries = 8;
};

/// `host`, `connector` and `clock` must outlive it. Credentials: NTLMv2; Kerberos will be chosen
/// here.
[[nodiscard]] std::unique_ptr<Probe> make_smb_probe(const config::Host& host,
                                                    SmbProbeOptions options,
                                                    net::Connector& connector, RandomFill random,
                                                    const Clock& clock);

}  // namespace tocsin::probe
