// Hosts that are asked once by a command, without a running tocsin.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>

#include "config/monitored/host.h"
#include "net/async.h"
#include "probe/control.h"
#include "probe/probe.h"

namespace tocsin::cli {

struct AskOptions {
  /// Where `run` and the commands remember refused logins: whoever calls a command again and again
  /// must lock no account either.
  std::filesystem::path data_directory;
  bool force = false;  ///< log in once with a credential that is suspect
};

/// Asks the host at this place of the list. The probe is logged off afterwards.
using Question = std::function<net::awaitable<void>(std::size_t place, probe::Probe& probe)>;

/// Asks many hosts at the same time and returns when all have been asked. Names on stderr the
/// credentials that are suspect, which are not tried.
void ask_hosts(std::span<const config::Host> hosts, const AskOptions& options,
               const Question& question);

/// Starts or stops a service of the host, which has `control`. Errors as probe::Control's.
[[nodiscard]] Result<probe::ControlReport> control_host(const config::Host& host,
                                                        const probe::ControlRequest& request,
                                                        const AskOptions& options);

}  // namespace tocsin::cli
