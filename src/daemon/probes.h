// The place that knows every way to look at a host.
#pragma once

#include <memory>

#include "base/random.h"
#include "config/config.h"
#include "net/tcp.h"
#include "probe/probe.h"

namespace tocsin::daemon {

/// The probe for the host's `source`. `host`, `connector` and `clock` must outlive it.
std::unique_ptr<probe::Probe> make_probe(const config::Host& host, net::Connector& connector,
                                         const RandomFill& random, const Clock& clock);

}  // namespace tocsin::daemon
