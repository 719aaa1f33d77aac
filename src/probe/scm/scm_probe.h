// Checks a host through the Win32 service API, which also pushes what its services do.
#pragma once

#include <memory>

#include "base/clock.h"
#include "config/monitored/host.h"
#include "net/worker.h"
#include "probe/probe.h"
#include "probe/scm/session.h"

namespace tocsin::probe {

/// With the account of the process; `host.credentials` and `host.port` play no part. The API
/// blocks: each call has a thread of `threads`, of which there must be two for each host (one for
/// checks, one for details), so that one that hangs takes nobody else's. `clock` and `threads` must
/// outlive it.
[[nodiscard]] std::unique_ptr<Probe> make_scm_probe(const config::Host& host,
                                                    std::shared_ptr<scm::System> system,
                                                    net::Worker& threads, const Clock& clock,
                                                    const DetailsLimits& limits = {});

}  // namespace tocsin::probe
